/** Logging in to SQL Server with a token of Microsoft Entra ID, from the connection string to the wire. */
import { DStreamError, silentLog } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { parseConnectionString, SqlServerSource } from '@dstream/sqlserver';
import { expect, onTestFinished, test } from 'vitest';
import { FakeCredential } from '../support/fake-credential.ts';
import { startSqlServerStandIn, type RunningSqlServer } from '../support/sql-server-stand-in.ts';

const never = new AbortController().signal;
const scope = 'https://database.windows.net/.default';

async function standIn(): Promise<RunningSqlServer> {
  const running = await startSqlServerStandIn();
  onTestFinished(() => running[Symbol.asyncDispose]());
  return running;
}

function sourceOf(connectionString: string, credential: FakeCredential): SqlServerSource {
  const source = new SqlServerSource({
    address: parseConnectionString(connectionString, () => credential),
    tables: [{ schema: 'dbo', table: 'T', pollIntervalMs: 20, maxPollIntervalMs: 40 }],
    start: 'earliest',
    maxRows: 100,
    maxBytes: 1_000_000,
    clock: systemClock,
    log: silentLog,
    random: Math.random,
  });
  onTestFinished(() => source[Symbol.asyncDispose]());
  return source;
}

const forms = {
  ado: (port: number) =>
    `Server=127.0.0.1,${port};Database=shop;Authentication=Active Directory Default;TrustServerCertificate=true`,
  url: (port: number) =>
    `sqlserver://127.0.0.1:${port}?database=shop&fedauth=ActiveDirectoryDefault&trustServerCertificate=true`,
};

test.each(['ado', 'url'] as const)('the %s form logs in with a token for Azure SQL', async (form) => {
  const { server } = await standIn();
  const credential = new FakeCredential();
  const source = sourceOf(forms[form](server.port), credential);
  expect(await source.partitions({ signal: never })).toEqual([expect.stringMatching(/\/shop\/dbo\.T$/)]);
  expect(credential.scopes).toEqual([scope]);
  expect(server.faults.counters()).toMatchObject({ logins: 1, loginsRefused: 0 });
});

test('every new connection asks for a token, so that none is older than the credential allows', async () => {
  const { server } = await standIn();
  const credential = new FakeCredential();
  const source = sourceOf(forms.ado(server.port), credential);
  await source.partitions({ signal: never });
  server.dropConnections();
  await expect.poll(() => source.partitions({ signal: never }).then(Boolean, () => false)).toBe(true);
  expect(credential.scopes).toEqual([scope, scope]);
  expect(new Set(credential.tokens).size).toBe(2);
});

test('a token that the server refuses is a failed login of the identity', async () => {
  const { server } = await standIn();
  const credential = new FakeCredential();
  credential.choice = { expired: true };
  await expect(
    sourceOf(forms.ado(server.port), credential).partitions({ signal: never }),
  ).rejects.toMatchObject({
    code: 'LoginFailed',
    message: expect.stringMatching(/refused the Entra ID token of the default identity: .*EXTERNAL PROVIDER/),
  });
  expect(server.faults.counters()).toMatchObject({ logins: 0, loginsRefused: 1 });
});

test.each(['Unauthorized', 'Unreachable'] as const)(
  'a credential that fails with %s keeps its code and its words',
  async (code) => {
    const { server } = await standIn();
    const credential = new FakeCredential();
    credential.failure = new DStreamError(code, 'cannot sign in to Microsoft Entra ID');
    const partitions = sourceOf(forms.ado(server.port), credential).partitions({ signal: never });
    await expect(partitions).rejects.toBe(credential.failure);
    await expect.poll(() => server.connections()).toBe(0);
  },
);

test('what passes at the login passes for tokens too', async () => {
  const { server } = await standIn();
  const source = sourceOf(forms.ado(server.port), new FakeCredential());
  server.faults.refuseLogins(60_000, 40_613); // "Database is not currently available"
  await expect(source.partitions({ signal: never })).rejects.toMatchObject({ code: 'Unreachable' });
  server.faults.clear();
  expect(await source.partitions({ signal: never })).toHaveLength(1);
});
