/** Logging in, with encryption and without. */
import { expect, test } from 'vitest';
import { encryption } from '../stand-ins/sql-server/src/tds/handshake/prelogin.ts';
import { packetType } from '../stand-ins/sql-server/src/tds/wire/packet.ts';
import { logInEncryptedOnly } from '../support/login-only-client.ts';
import { replies } from '../support/scripted-sql-engine.ts';
import { column } from '../support/sql-columns.ts';
import { runRequest } from '../support/tds-request.ts';
import { connectTds, startTds } from '../support/tds-rig.ts';

test.each([true, false])('with encryption %s everything is the same', async (encrypt) => {
  const logins: unknown[] = [];
  const { server, engine } = await startTds({
    observe: { login: (_, login, ok) => logins.push([login, ok]) },
  });
  engine.script = () =>
    replies(
      { kind: 'columns', columns: [column({ name: 'varchar', length: 'max' })] },
      { kind: 'row', values: ['x'.repeat(300_000)] },
      { kind: 'done', count: 1 },
    );
  const connection = await connectTds(server.port, { encrypt, appName: 'app', packetSize: 16_384 });
  expect((await runRequest(connection, 'select')).rows).toEqual([['x'.repeat(300_000)]]);
  expect(logins).toEqual([
    [expect.objectContaining({ user: 'sa', database: 'shop', appName: 'app', encrypted: encrypt }), true],
  ]);
});

test.each([false, true])(
  'a wrong password (encrypted: %s) is 18456 and the connection is closed',
  async (encrypt) => {
    const { server, engine } = await startTds();
    engine.refuse = {
      number: 18456,
      severity: 14,
      state: 1,
      message: "Login failed for user 'sa'.",
      line: 1,
    };
    await expect(connectTds(server.port, { encrypt })).rejects.toMatchObject({
      code: 'ELOGIN',
      message: "Login failed for user 'sa'.",
    });
    await expect.poll(() => server.connections()).toBe(0);
  },
);

test('a server that requires encryption refuses clients without it', async () => {
  const { server } = await startTds({ requireEncryption: true });
  await expect(connectTds(server.port)).rejects.toMatchObject({ code: 'EENCRYPT' });
  await connectTds(server.port, { encrypt: true });
});

test('strict encryption is refused and the server lives on', async () => {
  const failures: unknown[] = [];
  const { server } = await startTds({ observe: { failure: (_, failure) => failures.push(failure) } });
  const strict = { encrypt: 'strict', connectTimeout: 2000 };
  await expect(connectTds(server.port, strict)).rejects.toBeDefined();
  await connectTds(server.port);
  expect(failures).toHaveLength(1);
});

test('a login whose first packet alone is encrypted is read whole and answered in the clear', async () => {
  const logins: unknown[] = [];
  const { server } = await startTds({ observe: { login: (_, login, ok) => logins.push([login, ok]) } });
  const { chosen, answer } = await logInEncryptedOnly(server.port);
  expect([chosen, answer.type, answer.body.includes(Buffer.from('Microsoft SQL Server', 'utf16le'))]).toEqual(
    [encryption.off, packetType.result, true],
  );
  expect(logins).toEqual([
    [expect.objectContaining({ user: 'sa', database: 'shop', encrypted: false }), true],
  ]);
});
