/** `dstream check` of SQL Server over real TDS: each fault is told with T-SQL, and running that fixes it. */
import { systemClock } from '@dstream/async';
import type { CheckResult, Clock, FailedCheck } from '@dstream/core';
import { parseConnectionString } from '@dstream/sqlserver';
import { beforeEach, describe, expect, test } from 'vitest';
import { fixScript } from '../../apps/dstream/src/check/fix-sql.ts';
import { checkSqlServer } from '../../libs/sources/sqlserver/src/check/check-sql-server.ts';
import { openDatabase } from '../support/database.ts';
import { useSqlServer } from '../support/use-sql-server.ts';

const rig = useSqlServer();
const { signal } = new AbortController();
const user = "o'reader";
const password = 'Reading-only-1';

const query = (text: string) => rig.database.pool.query(text);
const quoted = (text: string) => `N'${text.replaceAll("'", "''")}'`;

const asOwner = () => rig.database.connectionString;
const asReader = () =>
  `Server=127.0.0.1,${rig.server.port};Database=${rig.database.name};User Id="${user}";Password=${password};TrustServerCertificate=true`;

async function check(
  connection: string,
  tables: readonly string[] = ['Persons'],
  clock: Clock = systemClock,
): Promise<readonly CheckResult[]> {
  const intervals = { pollIntervalMs: 1_000, maxPollIntervalMs: 1_000 };
  const source = {
    address: parseConnectionString(connection),
    tables: tables.map((table) => ({ schema: 'dbo', table, ...intervals })),
    mode: 'functions',
  } as const;
  const results: CheckResult[] = [];
  for await (const result of checkSqlServer(source, { clock }, { signal })) results.push(result);
  return results;
}

const faults = (results: readonly CheckResult[]) =>
  results.filter((result): result is FailedCheck => result.outcome !== 'passed');
const named = (results: readonly CheckResult[]) =>
  faults(results).map(({ outcome, check: name }) => `${outcome} ${name}`);

/** As sqlcmd does with what `--fix-sql` prints, twice: batches cut at GO. */
async function fix(results: readonly CheckResult[]): Promise<void> {
  const script = fixScript('dstream.hcl', [{ path: 'ingester.source', type: 'sqlserver', results }]);
  const batches = script.split(/^GO$/m).filter((batch) => batch.trim() !== '');
  const administrator = await openDatabase(rig.database.connectionString);
  try {
    for (const batch of [...batches, ...batches]) await administrator.query(batch);
  } finally {
    await administrator.close();
  }
}

test('a captured database passes for its owner', async () => {
  await rig.database.capture('Persons');
  const results = await check(asOwner());
  expect(results.map(({ outcome, check: name }) => `${outcome} ${name}`)).toEqual([
    'passed network.resolve',
    'passed network.connect',
    'passed sqlserver.login',
    'passed sqlserver.encryption',
    'passed sqlserver.version',
    'passed sqlserver.database',
    'passed sqlserver.time-zone',
    'passed sqlserver.cdc-enabled',
    'passed sqlserver.cdc-rights',
    'passed sqlserver.clock',
    'passed sqlserver.agent',
    'passed sqlserver.capture-job',
    'passed sqlserver.capture-errors',
    'passed sqlserver.capture-settings',
    'passed sqlserver.retention',
    'passed sqlserver.table-captured',
    'passed sqlserver.table-rights',
    'passed sqlserver.table-key',
    'passed sqlserver.table-columns',
  ]);
});

describe('a reader', () => {
  beforeEach(async () => {
    await query(
      `CREATE LOGIN [${user}] WITH PASSWORD = ${quoted(password)}; CREATE USER [${user}] FOR LOGIN [${user}]`,
    );
  });

  test('without rights is told each missing one, and passes with them', async () => {
    await rig.database.capture('Persons');
    const first = await check(asReader());
    expect(named(first)).toEqual(['failed sqlserver.cdc-rights', 'failed sqlserver.table-found']);
    await fix(first);
    const second = await check(asReader());
    expect(named(second)).toEqual(['warned sqlserver.capture-errors', 'warned sqlserver.retention']);
    await fix(second);
    expect(faults(await check(asReader()))).toEqual([]);
  });

  test('of a table with a gating role, of which one column may not be read', async () => {
    await query('CREATE TABLE dbo.Persons (Id int NOT NULL PRIMARY KEY, Name nvarchar(9) NULL)');
    await query(
      "EXEC sys.sp_cdc_enable_table @source_schema = 'dbo', @source_name = 'Persons', @role_name = 'gate'",
    );
    await query(`GRANT SELECT ON SCHEMA::cdc TO [${user}]; GRANT SELECT ON dbo.Persons (Id) TO [${user}]`);
    const first = await check(asReader());
    expect(faults(first).filter(({ outcome }) => outcome === 'failed')).toEqual([
      {
        outcome: 'failed',
        check: 'sqlserver.table-rights',
        subject: 'dbo.Persons',
        message: `${user} may not read captured columns: Name`,
        remedy: {
          kind: 'sql',
          text: `USE [${rig.database.name}];\nGRANT SELECT ON [dbo].[Persons] TO [${user}];`,
        },
      },
      {
        outcome: 'failed',
        check: 'sqlserver.gating-role',
        subject: 'dbo.Persons',
        message: `${user} is not a member of the gating role gate`,
        remedy: { kind: 'sql', text: `USE [${rig.database.name}];\nALTER ROLE [gate] ADD MEMBER [${user}];` },
      },
    ]);
    await fix(first);
    expect(faults(await check(asReader()))).toEqual([]);
  });
});

describe('what is missing is made by one run of the script:', () => {
  test('a database that has no capture yet', async () => {
    const bare = await rig.another({ enable: false });
    await bare.pool.query(
      `CREATE TABLE dbo.[o'dd ]t] (Id int NOT NULL, CONSTRAINT u UNIQUE (Id))`.replace(']t]', ']]t]'),
    );
    const first = await check(bare.connectionString, ["o'dd ]t"]);
    expect(named(first)).toEqual(['failed sqlserver.cdc-enabled', 'failed sqlserver.table-captured']);
    expect(first.map(({ check: name }) => name)).not.toContain('sqlserver.cdc-rights');
    await fix(first);
    expect(faults(await check(bare.connectionString, ["o'dd ]t"]))).toEqual([]);
  });

  test.each([
    ['the capture job', "EXEC sys.sp_cdc_drop_job 'capture'", 'failed sqlserver.capture-job'],
    ['the cleanup job', "EXEC sys.sp_cdc_drop_job 'cleanup'", 'warned sqlserver.cleanup-job'],
    ['a capture job that runs', "EXEC sys.sp_cdc_stop_job 'capture'", 'failed sqlserver.capture-job'],
    ['retention', "EXEC sys.sp_cdc_change_job 'cleanup', @retention = 60", 'warned sqlserver.retention'],
    [
      'continuous capture',
      "EXEC sys.sp_cdc_change_job 'capture', @continuous = 0",
      'warned sqlserver.capture-settings',
    ],
    [
      'a short rest between scans',
      "EXEC sys.sp_cdc_change_job 'capture', @pollinginterval = 600",
      'warned sqlserver.capture-settings',
    ],
  ])('%s', async (_, statement, fault) => {
    await rig.database.capture('Persons');
    await query(statement);
    const first = await check(asOwner());
    expect(named(first)).toEqual([fault]);
    await fix(first);
    expect(faults(await check(asOwner()))).toEqual([]);
  });

  test.each(['capture', 'cleanup'])('a %s job that is enabled', async (type) => {
    await rig.database.capture('Persons');
    await query(`EXEC msdb.dbo.sp_update_job @job_name = 'cdc.${rig.database.name}_${type}', @enabled = 0`);
    const first = await check(asOwner());
    expect(named(first)).toEqual([
      type === 'capture' ? 'failed sqlserver.capture-job' : 'warned sqlserver.cleanup-job',
    ]);
    await fix(first);
    expect(faults(await check(asOwner()))).toEqual([]);
  });

  test('a capture instance with a new column: the script makes a second one', async () => {
    await rig.database.capture('Persons');
    await query('ALTER TABLE dbo.Persons ADD Born date NULL');
    const first = await check(asOwner());
    expect(faults(first)).toMatchObject([
      {
        check: 'sqlserver.table-columns',
        subject: 'dbo.Persons',
        message: 'columns of the table are not captured: Born',
      },
    ]);
    await fix(first);
    expect(faults(await check(asOwner()))).toMatchObject([
      {
        outcome: 'warned',
        check: 'sqlserver.capture-instances',
        message:
          'the table has two capture instances, dbo_Persons and dbo_Persons_2: each change is captured twice',
      },
    ]);
  });
});

test('columns that are gone, without old values, and a table without a key', async () => {
  await query('CREATE TABLE dbo.Heap (A int NULL, Note text NULL, Gone int NULL)');
  await rig.database.enable('Heap');
  await query('ALTER TABLE dbo.Heap DROP COLUMN Gone');
  expect(faults(await check(asOwner(), ['Heap'])).map(({ message }) => message)).toEqual([
    'the table has no primary key and no unique index without nullable columns: metadata.key is null',
    'captured columns are gone from the table and arrive as NULL: Gone',
    'the old values of columns are not captured: Note text',
  ]);
});

test('a clock that is a minute off, of which side is told', async () => {
  await rig.database.capture('Persons');
  const behind: Clock = Object.assign(Object.create(systemClock) as Clock, {
    wallMs: () => systemClock.wallMs() - 60_000,
  });
  expect(faults(await check(asOwner(), ['Persons'], behind))).toMatchObject([
    {
      check: 'sqlserver.clock',
      message: expect.stringMatching(/^the clock of the server is (60\.\d|59\.9) s ahead of ours/),
    },
  ]);
});

describe('who is not let in is told why, and nothing after it:', () => {
  test.each([
    [
      'a wrong password',
      (text: string) => text.replace(/Password=[^;]*/, 'Password=Not-this-1'),
      'failed sqlserver.login',
    ],
    [
      'no such database',
      (text: string) => text.replace(/Database=[^;]*/, 'Database=none'),
      'failed sqlserver.database',
    ],
    [
      'a certificate of nobody',
      (text: string) => text.replace(/Encrypt=.*/, 'Encrypt=true;TrustServerCertificate=false'),
      'failed sqlserver.certificate',
    ],
  ])('%s', async (_, changed, fault) => {
    const results = await check(changed(asOwner()));
    expect(results.map(({ check: name }) => name)).toEqual([
      'network.resolve',
      'network.connect',
      fault.split(' ')[1],
    ]);
    expect(named(results)).toEqual([fault]);
    expect(JSON.stringify(results)).not.toContain('Not-this-1');
  });

  test('nobody is there', async () => {
    const { port } = rig.server;
    await rig.stop();
    await rig.start();
    const gone = `Server=127.0.0.1,${port};Database=x;User Id=x;Password=x`;
    expect(named(await check(gone))).toEqual(['failed network.connect']);
  });
});
