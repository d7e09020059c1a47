/** deploy/sql makes a reader with the least rights that suffice; of each that is left out the error says which GRANT is missing. */
import { readFile } from 'node:fs/promises';
import { parseConnectionString } from '@dstream/sqlserver';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultySource } from '../support/faulty-source.ts';
import { until } from '../support/until.ts';

const user = 'dstream_reader';
const password = 'Reading-only-1';

let source: FaultySource;
beforeEach(async () => (source = await FaultySource.create(['Persons', 'Gated'])));
afterEach(() => source[Symbol.asyncDispose]());

const query = (text: string) => source.database.pool.query(text);

/** As sqlcmd does: variables replaced, batches cut at GO. */
async function run(script: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const text = await readFile(new URL(`../../deploy/sql/${script}`, import.meta.url), 'utf8');
  const filled = text.replaceAll(/\$\((\w+)\)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`${script} names the variable ${name}`);
    return value;
  });
  for (const batch of filled.split(/^GO$/m)) if (batch.trim() !== '') await query(batch);
}

/** `Gated` is captured anew with a gating role; the scripts are run for both tables. */
async function grantAll(): Promise<void> {
  await query(
    `EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'Gated', @capture_instance = N'all';
     EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Gated', @role_name = N'gate'`,
  );
  await run('user-of-login.sql', { user, password });
  await run('grants.sql', { user, schema: 'dbo', table: 'Persons' });
  await run('grants.sql', { user, schema: 'dbo', table: 'Gated' });
  await run('gating-role.sql', { user, role: 'gate' });
}

const address = () =>
  parseConnectionString(
    `Server=127.0.0.1,${source.server.port};Database=${source.database.name};User Id=${user};Password=${password};` +
      'Encrypt=true;TrustServerCertificate=true',
  );

async function faultOf(table: string, code: string): Promise<string> {
  const fault = await until(
    () => {
      const now = source.fault(table);
      return now?.code === code ? now : undefined;
    },
    () => `${table} has the fault ${code}: ${JSON.stringify(source.reports)}`,
  );
  return fault.message;
}

test('the scripts make a reader of tables with and without a gating role, and may be run again', async () => {
  await grantAll();
  await run('grants.sql', { user, schema: 'dbo', table: 'Gated' });
  await run('gating-role.sql', { user, role: 'gate' });
  await source.read({ address: address() });
  expect(source.arrived('Gated').length).toBeGreaterThan(0);
  expect(source.said('error')).toEqual([]);
});

describe('without one of the rights the fault says what to run:', () => {
  beforeEach(async () => {
    await grantAll();
    await source.read({ address: address() });
  });

  test.each([
    {
      right: 'SELECT on the schema cdc',
      table: 'Persons',
      code: 'PermissionDenied',
      says: 'run GRANT SELECT ON SCHEMA::cdc TO [USER]; the table resumes automatically after the grant',
      revoke: `REVOKE SELECT ON SCHEMA::cdc FROM [${user}]`,
      grant: `GRANT SELECT ON SCHEMA::cdc TO [${user}]`,
    },
    {
      right: 'SELECT on the table',
      table: 'Persons',
      code: 'TableNotFound', // who may not read a table does not see it in the catalogue either
      says: 'grant SELECT on it',
      revoke: `REVOKE SELECT ON [dbo].[Persons] FROM [${user}]`,
      grant: `GRANT SELECT ON [dbo].[Persons] TO [${user}]`,
    },
    {
      right: 'the gating role',
      table: 'Gated',
      code: 'PermissionDenied',
      says: 'run ALTER ROLE [gate] ADD MEMBER [USER]; the table',
      revoke: `ALTER ROLE [gate] DROP MEMBER [${user}]`,
      grant: `ALTER ROLE [gate] ADD MEMBER [${user}]`,
    },
  ])('$right', async ({ table, code, says, revoke, grant }) => {
    await query(revoke);
    await source.written.step();
    expect(await faultOf(table, code)).toContain(says);
    await query(grant);
    await source.caughtUp();
    await until(
      () => source.fault(table) === null,
      () => 'the fault is over',
    );
  });
});

test('a table that the reader was never let see is named, and how to show it', async () => {
  await grantAll();
  await query(`REVOKE SELECT ON [dbo].[Persons] FROM [${user}]`);
  void source.read({ address: address() }).catch(() => undefined);
  expect(await faultOf('Persons', 'TableNotFound')).toContain('grant SELECT on it');
});
