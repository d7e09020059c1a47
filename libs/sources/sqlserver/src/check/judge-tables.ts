/** What the facts of the configured tables mean. Faults are told of each table, what is right as one figure. Pure. */
import { tableName, type CheckResult } from '@dstream/core';
import { literal } from '../client/sql-client.ts';
import type { ReadMode } from '../position/log-position.ts';
import { emptyPatterns, expandTables, type TableSettings } from '../source/table-settings.ts';
import { addToRole, captureAnew, captureTable, grantTable, showTable, type Name } from './fix-statements.ts';
import { about, counted, failed, passed, warned } from './results.ts';
import type { InstanceFacts, TableFacts } from './table-facts.ts';

export interface ConfiguredTables {
  readonly settings: readonly TableSettings[];
  readonly mode: ReadMode;
  readonly tables: readonly TableFacts[];
  /** By the id of the table. Undefined: they may not be read. */
  readonly instances: ReadonlyMap<number, readonly InstanceFacts[]> | undefined;
  readonly database: string;
  readonly user: string;
}

export function* judgeTables(of: ConfiguredTables): Generator<CheckResult> {
  const { settings, tables } = of;
  for (const schema of emptyPatterns(settings, tables)) yield emptyPattern(schema);
  const names = expandTables(settings, tables);
  const found = names.map((name) => ({ name, facts: tables.find((one) => isNamed(one, name)) }));
  const tally = new Tally();
  for (const { name, facts } of found)
    for (const result of facts === undefined ? [notFound(name, of)] : judgeTable(facts, of, tally))
      yield about(tableName(name), result);
  yield* tally.results();
}

const isNamed = (one: Name, { schema, table }: Name) => one.schema === schema && one.table === table;

/** Counts what is right, by check. */
class Tally {
  readonly #counts = new Map<string, { count: number; readonly what: string }>();

  add(check: string, what: string): void {
    const entry = this.#counts.get(check) ?? { count: 0, what };
    entry.count += 1;
    this.#counts.set(check, entry);
  }

  *results(): Generator<CheckResult> {
    for (const [check, { count, what }] of this.#counts)
      yield passed(check, `${counted(count, 'table')} ${what}`);
  }
}

function emptyPattern(schema: string): CheckResult {
  return about(
    `${schema}.*`,
    warned(
      'table-pattern',
      `${schema}.* matches no captured table that we may see`,
      `enable capture for tables of the schema ${schema} and grant SELECT on them; they are read without a restart`,
    ),
  );
}

/** A table that we may not read is not visible in the catalogue ("Metadata visibility configuration"); dbo sees all. */
function notFound(name: Name, { database, user }: ConfiguredTables): CheckResult {
  if (user === 'dbo')
    return failed('table-found', 'the table does not exist', 'correct its name under tables');
  return failed(
    'table-found',
    `the table does not exist, or ${user} may not see it`,
    showTable(database, name, user),
  );
}

function* judgeTable(facts: TableFacts, of: ConfiguredTables, tally: Tally): Generator<CheckResult> {
  if (!facts.captured) {
    yield notCaptured(facts, of);
    if (!facts.readable) yield forbiddenTable(facts, of, `SELECT on the table is not granted to ${of.user}`);
    return;
  }
  tally.add('table-captured', 'captured');
  const instances = of.instances?.get(facts.id);
  const newest = instances?.at(-1);
  if (instances === undefined || newest === undefined) return;
  if (instances.length > 1) yield twoInstances(facts, instances);
  const gone = instances.find(({ changeTable }) => !changeTable);
  if (gone !== undefined) {
    yield changeTableGone(facts, gone, of);
    return;
  }
  yield* judgeRights(facts, instances, of, tally);
  yield* judgeColumns(facts, newest, instances, of, tally);
  const old = of.mode === 'direct' ? instances.find(({ commandId }) => !commandId) : undefined;
  if (old !== undefined) yield withoutCommandId(old);
}

function notCaptured(facts: TableFacts, { database }: ConfiguredTables): CheckResult {
  const index = facts.hasPrimaryKey ? undefined : facts.uniqueIndex;
  const usual = usualInstance(facts);
  const name = usual === defaultInstance(facts) ? undefined : usual;
  return failed(
    'table-captured',
    'the table is not captured',
    captureTable(database, facts, { name, index }),
  );
}

const defaultInstance = ({ schema, table }: Name) => `${schema}_${table}`;

/** "sys.sp_cdc_enable_table": a name, given or by default, has at most 100 characters and is unique in its database. */
const longestInstance = 100;
const longestSuffix = '_2'.length;

/** The default, or where that is too long its beginning with the id of the table: there is room for a number after it. */
function usualInstance(facts: TableFacts): string {
  const usual = defaultInstance(facts);
  return usual.length <= longestInstance - longestSuffix ? usual : `${usual.slice(0, 80)}_${facts.id}`;
}

/** The older one is read to its end first; who drops it sooner loses what is left in it, so that is not for a script. */
function twoInstances({ schema, table }: TableFacts, instances: readonly InstanceFacts[]): CheckResult {
  const [older = '', newer = ''] = instances.map(({ name }) => name);
  return warned(
    'capture-instances',
    `the table has two capture instances, ${older} and ${newer}: each change is captured twice`,
    `when ${older} was read to its end: EXEC sys.sp_cdc_disable_table @source_schema = ${literal(schema)}, @source_name = ${literal(table)}, @capture_instance = ${literal(older)}`,
  );
}

function changeTableGone(
  { schema, table }: TableFacts,
  { name }: InstanceFacts,
  { database }: ConfiguredTables,
): CheckResult {
  const text = `the change table of the capture instance ${name} is gone, or not visible to this user`;
  return failed(
    'change-table',
    text,
    `in ${database}: EXEC sys.sp_cdc_disable_table for ${schema}.${table} and ${name}, then check again: the table has to be captured again and read from its beginning`,
  );
}

function* judgeRights(
  facts: TableFacts,
  instances: readonly InstanceFacts[],
  of: ConfiguredTables,
  tally: Tally,
): Generator<CheckResult> {
  const { database, user } = of;
  const forbidden = instances.flatMap((instance) => instance.forbidden);
  if (forbidden.length > 0)
    yield forbiddenTable(facts, of, `${user} may not read captured columns: ${listed(forbidden)}`);
  const closed = instances.flatMap(({ role, inRole }) => (role === undefined || inRole ? [] : [role]));
  for (const role of new Set(closed))
    yield failed(
      'gating-role',
      `${user} is not a member of the gating role ${role}`,
      addToRole(database, role, user),
    );
  if (forbidden.length + closed.length === 0) tally.add('table-rights', `may be read by ${user}`);
}

function forbiddenTable(
  facts: TableFacts,
  { database, user }: ConfiguredTables,
  message: string,
): CheckResult {
  return failed('table-rights', message, grantTable(database, facts, user));
}

function* judgeColumns(
  facts: TableFacts,
  newest: InstanceFacts,
  instances: readonly InstanceFacts[],
  of: ConfiguredTables,
  tally: Tally,
): Generator<CheckResult> {
  if (newest.keyColumns === 0) yield withoutKey(facts, newest, instances, of);
  else tally.add('table-key', 'with a key');
  const { added, dropped } = newest;
  const anew = () => anotherInstance(facts, newest, instances, of);
  if (added.length > 0)
    yield warned('table-columns', `columns of the table are not captured: ${listed(added)}`, anew());
  if (dropped.length > 0)
    yield warned(
      'table-columns',
      `captured columns are gone from the table and arrive as NULL: ${listed(dropped)}`,
      anew(),
    );
  if (added.length + dropped.length === 0) tally.add('table-columns', 'captured with all newer columns');
  yield* judgeTypes(newest);
}

function* judgeTypes({ unknownTypes, withoutBefore }: InstanceFacts): Generator<CheckResult> {
  if (unknownTypes.length > 0)
    yield warned(
      'table-types',
      `columns of types that are not known arrive as text, if the server can convert them: ${listed(unknownTypes)}`,
      'leave the column out by @captured_column_list, or add a column of a known type',
    );
  if (withoutBefore.length > 0)
    yield warned(
      'table-types',
      `the old values of columns are not captured: ${listed(withoutBefore)}`,
      'make it varchar(max), nvarchar(max) or varbinary(max) if old values are needed',
    );
}

function withoutKey(
  facts: TableFacts,
  newest: InstanceFacts,
  instances: readonly InstanceFacts[],
  of: ConfiguredTables,
): CheckResult {
  const found = facts.hasPrimaryKey || facts.uniqueIndex !== undefined;
  return warned(
    'table-key',
    found
      ? `the capture instance ${newest.name} has no key, though the table has one: metadata.key is null`
      : 'the table has no primary key and no unique index without nullable columns: metadata.key is null',
    found
      ? anotherInstance(facts, newest, instances, of)
      : 'add a primary key; until then an order by key is one by table',
  );
}

/** A second instance with the role of the newest one. Where there are two already, one has to be dropped first, by a person. */
function anotherInstance(
  facts: TableFacts,
  newest: InstanceFacts,
  instances: readonly InstanceFacts[],
  { database }: ConfiguredTables,
) {
  const taken = new Set(instances.map(({ name }) => name.toLowerCase()));
  const usual = usualInstance(facts);
  const names = [usual, `${usual}_2`, `${usual}_3`];
  const name = names.find((one) => !taken.has(one.toLowerCase())) ?? usual;
  const index = facts.hasPrimaryKey ? undefined : facts.uniqueIndex;
  return captureAnew(database, facts, { name, index, role: newest.role });
}

/** Change tables of an older SQL Server ("cdc.<capture_instance>_CT", `__$command_id`). */
function withoutCommandId({ name }: InstanceFacts): CheckResult {
  return failed(
    'read-mode',
    `the change table of ${name} has no __$command_id, which mode "direct" orders by`,
    'write read { mode = "functions" }, or add a second capture instance and drop this one when it was read to its end',
  );
}

const shownColumns = 10;

function listed(names: readonly string[]): string {
  const more = names.length - shownColumns;
  return names.slice(0, shownColumns).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
