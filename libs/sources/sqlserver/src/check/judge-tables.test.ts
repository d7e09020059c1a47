import type { CheckResult } from '@dstream/core';
import { expect, test } from 'vitest';
import { judgeTables, type ConfiguredTables } from './judge-tables.ts';
import type { InstanceFacts, TableFacts } from './table-facts.ts';

const table: TableFacts = {
  id: 1,
  schema: 'sales',
  table: "it's",
  captured: true,
  readable: true,
  hasPrimaryKey: true,
  uniqueIndex: undefined,
};

const instance: InstanceFacts = {
  name: 'sales_it',
  tableId: 1,
  role: undefined,
  inRole: false,
  keyColumns: 1,
  changeTable: true,
  commandId: true,
  added: [],
  dropped: [],
  forbidden: [],
  unknownTypes: [],
  withoutBefore: [],
};

interface Given extends Partial<Omit<ConfiguredTables, 'instances'>> {
  readonly facts?: Partial<TableFacts>;
  readonly instances?: readonly Partial<InstanceFacts>[];
  readonly names?: readonly string[];
}

function judge({ facts, instances = [{}], names = ["it's"], ...more }: Given): readonly CheckResult[] {
  const interval = { pollIntervalMs: 1, maxPollIntervalMs: 1 };
  return [
    ...judgeTables({
      settings: names.map((name) => ({ schema: 'sales', table: name, ...interval })),
      mode: 'functions',
      tables: [{ ...table, ...facts }],
      instances: Map.groupBy(
        instances.map((one) => ({ ...instance, ...one })),
        ({ tableId }) => tableId,
      ),
      database: 'shop',
      user: 'reader',
      ...more,
    }),
  ];
}

/** What is not right. */
const judged = (given: Given) => judge(given).filter(({ outcome }) => outcome !== 'passed');

const sql = (...lines: string[]) => ({ kind: 'sql', text: ['USE [shop];', ...lines].join('\n') });
const advice = (text: string) => ({ kind: 'advice', text });
const of = (result: object) => [{ subject: "sales.it's", ...result }];
const anew = (rest: string) =>
  sql(
    '-- A second capture instance. Drop the old one when it was read to its end.',
    "IF (SELECT COUNT(*) FROM [cdc].[change_tables] WHERE [source_object_id] = OBJECT_ID(N'[sales].[it''s]')) < 2",
    `  EXEC sys.sp_cdc_enable_table @source_schema = N'sales', @source_name = N'it''s', ${rest};`,
  );

test('a thousand tables that are right are four lines', () => {
  const ids = Array.from({ length: 1_000 }, (_, id) => id);
  const results = judge({
    names: ['*'],
    tables: ids.map((id) => ({ ...table, id, table: `T${id}` })),
    instances: ids.map((id) => ({ tableId: id })),
  });
  expect(results.map(({ message }) => message)).toEqual([
    '1000 tables captured',
    '1000 tables may be read by reader',
    '1000 tables with a key',
    '1000 tables captured with all newer columns',
  ]);
});

test('a table that is right', () => {
  expect(judge({}).map(({ message }) => message)).toEqual([
    '1 table captured',
    '1 table may be read by reader',
    '1 table with a key',
    '1 table captured with all newer columns',
  ]);
});

test('a table that is not there, or not to be seen', () => {
  expect(judged({ tables: [] })).toEqual(
    of({
      outcome: 'failed',
      check: 'sqlserver.table-found',
      message: 'the table does not exist, or reader may not see it',
      remedy: sql(
        "IF OBJECT_ID(N'[sales].[it''s]', N'U') IS NULL",
        "  PRINT N'There is no table [sales].[it''s]: correct its name under tables.';",
        'ELSE',
        "  GRANT SELECT ON [sales].[it's] TO [reader];",
      ),
    }),
  );
});

test('a table that is not there for dbo, who sees all and needs no grant', () => {
  expect(judged({ tables: [], user: 'dbo' })).toEqual(
    of({
      outcome: 'failed',
      check: 'sqlserver.table-found',
      message: 'the table does not exist',
      remedy: advice('correct its name under tables'),
    }),
  );
});

test('a pattern that matches nothing', () => {
  expect(judged({ names: ['*'], tables: [] })).toEqual([
    {
      outcome: 'warned',
      check: 'sqlserver.table-pattern',
      subject: 'sales.*',
      message: 'sales.* matches no captured table that we may see',
      remedy: advice(
        'enable capture for tables of the schema sales and grant SELECT on them; they are read without a restart',
      ),
    },
  ]);
});

test('a table that is not captured', () => {
  expect(judged({ facts: { captured: false } })).toEqual(
    of({
      outcome: 'failed',
      check: 'sqlserver.table-captured',
      message: 'the table is not captured',
      remedy: sql(
        "IF NOT EXISTS (SELECT 1 FROM sys.tables WHERE [object_id] = OBJECT_ID(N'[sales].[it''s]') AND [is_tracked_by_cdc] = 1)",
        "  EXEC sys.sp_cdc_enable_table @source_schema = N'sales', @source_name = N'it''s', @role_name = NULL, @supports_net_changes = 0;",
      ),
    }),
  );
});

test('names too long for a capture instance are cut, and kept apart by the id of the table', () => {
  const long = 'x'.repeat(93);
  const given = { names: [long], facts: { id: 7, table: long } };
  const name = `sales_${'x'.repeat(74)}_7`;
  const text = (more: Given) => JSON.stringify(judged({ ...given, ...more }));
  expect(text({ facts: { ...given.facts, captured: false } })).toContain(`@capture_instance = N'${name}'`);
  const added = { tableId: 7, added: ['New'] };
  expect(text({ instances: [{ ...added, name: 'other' }] })).toContain(`@capture_instance = N'${name}'`);
  expect(text({ instances: [{ ...added, name }] })).toContain(`@capture_instance = N'${name}_2'`);
});

test('a table without a primary key is captured by its unique index', () => {
  const [result] = judged({ facts: { captured: false, hasPrimaryKey: false, uniqueIndex: 'ux' } });
  expect(result).toMatchObject({ remedy: { text: expect.stringContaining("@index_name = N'ux';") } });
});

test('a table of which columns may not be read', () => {
  expect(judged({ instances: [{ forbidden: ['Name', 'Born'] }] })).toEqual(
    of({
      outcome: 'failed',
      check: 'sqlserver.table-rights',
      message: 'reader may not read captured columns: Name, Born',
      remedy: sql("GRANT SELECT ON [sales].[it's] TO [reader];"),
    }),
  );
});

test('a gating role', () => {
  expect(judged({ instances: [{ role: 'the gate' }] })).toEqual(
    of({
      outcome: 'failed',
      check: 'sqlserver.gating-role',
      message: 'reader is not a member of the gating role the gate',
      remedy: sql('ALTER ROLE [the gate] ADD MEMBER [reader];'),
    }),
  );
  expect(judged({ instances: [{ role: 'the gate', inRole: true }] })).toEqual([]);
});

test('a change table that is gone', () => {
  expect(judged({ instances: [{ changeTable: false }] })).toEqual(
    of({
      outcome: 'failed',
      check: 'sqlserver.change-table',
      message: 'the change table of the capture instance sales_it is gone, or not visible to this user',
      remedy: advice(
        "in shop: EXEC sys.sp_cdc_disable_table for sales.it's and sales_it, then check again: the table has to be captured again and read from its beginning",
      ),
    }),
  );
});

test('two capture instances', () => {
  expect(judged({ instances: [{}, { name: 'newer' }] })).toEqual(
    of({
      outcome: 'warned',
      check: 'sqlserver.capture-instances',
      message: 'the table has two capture instances, sales_it and newer: each change is captured twice',
      remedy: advice(
        "when sales_it was read to its end: EXEC sys.sp_cdc_disable_table @source_schema = N'sales', @source_name = N'it''s', @capture_instance = N'sales_it'",
      ),
    }),
  );
});

test('no key, though the table has one', () => {
  expect(judged({ instances: [{ keyColumns: 0, role: 'gate', inRole: true }] })).toEqual(
    of({
      outcome: 'warned',
      check: 'sqlserver.table-key',
      message: 'the capture instance sales_it has no key, though the table has one: metadata.key is null',
      remedy: anew("@role_name = N'gate', @supports_net_changes = 0, @capture_instance = N'sales_it''s'"),
    }),
  );
});

test('no key at all', () => {
  expect(judged({ facts: { hasPrimaryKey: false }, instances: [{ keyColumns: 0 }] })).toEqual(
    of({
      outcome: 'warned',
      check: 'sqlserver.table-key',
      message:
        'the table has no primary key and no unique index without nullable columns: metadata.key is null',
      remedy: advice('add a primary key; until then an order by key is one by table'),
    }),
  );
});

test('columns that are not captured, of which ten are named', () => {
  const added = Array.from({ length: 12 }, (_, i) => `C${i}`);
  expect(judged({ instances: [{ name: "sales_it's", added }] })).toEqual(
    of({
      outcome: 'warned',
      check: 'sqlserver.table-columns',
      message: 'columns of the table are not captured: C0, C1, C2, C3, C4, C5, C6, C7, C8, C9 and 2 more',
      remedy: anew("@role_name = NULL, @supports_net_changes = 0, @capture_instance = N'sales_it''s_2'"),
    }),
  );
});

test('columns that are gone', () => {
  expect(judged({ instances: [{ dropped: ['Old'] }] })).toMatchObject(
    of({
      outcome: 'warned',
      check: 'sqlserver.table-columns',
      message: 'captured columns are gone from the table and arrive as NULL: Old',
    }),
  );
});

test('types that are not known, and those without old values', () => {
  expect(judged({ instances: [{ unknownTypes: ['Doc json'], withoutBefore: ['Note text'] }] })).toEqual([
    ...of({
      outcome: 'warned',
      check: 'sqlserver.table-types',
      message: 'columns of types that are not known arrive as text, if the server can convert them: Doc json',
      remedy: advice('leave the column out by @captured_column_list, or add a column of a known type'),
    }),
    ...of({
      outcome: 'warned',
      check: 'sqlserver.table-types',
      message: 'the old values of columns are not captured: Note text',
      remedy: advice('make it varchar(max), nvarchar(max) or varbinary(max) if old values are needed'),
    }),
  ]);
});

test('a change table that direct mode cannot read', () => {
  expect(judged({ mode: 'direct', instances: [{ commandId: false }] })).toEqual(
    of({
      outcome: 'failed',
      check: 'sqlserver.read-mode',
      message: 'the change table of sales_it has no __$command_id, which mode "direct" orders by',
      remedy: advice(
        'write read { mode = "functions" }, or add a second capture instance and drop this one when it was read to its end',
      ),
    }),
  );
  expect(judged({ instances: [{ commandId: false }] })).toEqual([]);
});
