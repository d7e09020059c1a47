/** Functions that ask the server, the catalogue or the session. */
import { CDC_FUNCTIONS } from './cdc-functions.ts';
import { variantProperty } from './variant-property.ts';
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { SqlError } from '../errors/sql-error.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';
import { define, type EngineFunction } from './engine-function.ts';
import { makeSecurityFunctions } from './security-functions.ts';
import { splitName } from './split-name.ts';
import type { Run } from './run.ts';
import { PRODUCT_VERSION, SERVER_NAME } from './system-variables.ts';
import { textOf } from './text-of.ts';

const NAME: SqlType = { name: 'nvarchar', length: 128 };
const TEXT: SqlType = { name: 'nvarchar', length: 4000 };
const INT: SqlType = { name: 'int' };
const NUMERIC: SqlType = { name: 'numeric', precision: 38, scale: 0 };

const asNumeric = (value: bigint | undefined): SqlValue =>
  value === undefined ? null : { unscaled: value, scale: 0 };

export function makeEngineFunctions(
  state: ServerState,
  temporary: (name: string) => Table | undefined,
): ReadonlyMap<string, EngineFunction> {
  const databaseOf = (args: readonly SqlValue[], at: number, run: Run): Database | undefined =>
    typeof args[at] === 'number'
      ? [...state.databases.values()].find(({ id }) => id === args[at])
      : run.session.database;
  const functions: Readonly<Record<string, EngineFunction>> = {
    ...CDC_FUNCTIONS,
    db_name: define(NAME, [INT], (args, run) => databaseOf(args, 0, run)?.name ?? null, 0),
    db_id: define(
      { name: 'smallint' },
      [NAME],
      ([name], run) =>
        typeof name === 'string'
          ? (state.databases.get(name.toLowerCase())?.id ?? null)
          : run.session.database.id,
      0,
    ),
    object_id: define(
      INT,
      [TEXT, NAME],
      ([name, kind], run) => objectId(state, run, textOf(name), kind ?? null, temporary),
      1,
    ),
    object_name: define(
      NAME,
      [INT, INT],
      (args, run) => findObject(databaseOf(args, 1, run), args[0] ?? null)?.name ?? null,
      1,
    ),
    object_schema_name: define(
      NAME,
      [INT, INT],
      (args, run) => findObject(databaseOf(args, 1, run), args[0] ?? null)?.schema ?? null,
      1,
    ),
    schema_name: define(
      NAME,
      [INT],
      ([id], run) =>
        id === undefined || id === null
          ? 'dbo'
          : ([...run.session.database.schemas.values()].find((schema) => schema.id === id)?.name ?? null),
      0,
    ),
    schema_id: define(
      INT,
      [NAME],
      ([name], run) => run.session.database.schema(typeof name === 'string' ? name : 'dbo')?.id ?? null,
      0,
    ),
    serverproperty: define({ name: 'sql_variant' }, [NAME], ([name]) => serverProperty(textOf(name))),
    databasepropertyex: define({ name: 'sql_variant' }, [NAME, NAME], ([name, property]) =>
      databaseProperty(state.databases.get(textOf(name).toLowerCase()), textOf(property)),
    ),
    sql_variant_property: define(
      { name: 'sql_variant' },
      [{ name: 'sql_variant' }, NAME],
      ([value, property]) => variantProperty(value ?? null, textOf(property)),
    ),
    columnproperty: define(INT, [INT, NAME, NAME], ([id, column, property], run) =>
      columnProperty(findTable(run.session.database, id ?? null), textOf(column), textOf(property)),
    ),
    col_name: define(
      NAME,
      [INT, INT],
      ([id, column], run) =>
        findTable(run.session.database, id ?? null)?.columns.find((each) => each.id === column)?.name ?? null,
    ),
    ident_current: define(NUMERIC, [TEXT], ([name], run) => identCurrent(run.session.database, textOf(name))),
    scope_identity: define(NUMERIC, [], (_args, run) => asNumeric(run.session.scopeIdentity)),
    suser_sname: define(NAME, [], (_args, run) => run.session.user),
    suser_name: define(NAME, [], (_args, run) => run.session.user),
    system_user: define(NAME, [], (_args, run) => run.session.user),
    original_login: define(NAME, [], (_args, run) => run.session.user),
    ...makeSecurityFunctions(state),
    app_name: define(NAME, [], (_args, run) => run.session.appName),
    host_name: define(NAME, [], (_args, run) => run.session.hostName),
    current_timezone_id: define(NAME, [], () => 'UTC'),
    current_timezone: define(NAME, [], () => '(UTC) Coordinated Universal Time'),
    xact_state: define({ name: 'smallint' }, [], (_args, run) => run.session.transactionState),
    error_number: define(INT, [], (_args, { caught }) => caught?.number ?? null),
    error_message: define(TEXT, [], (_args, { caught }) => caught?.message ?? null),
    error_severity: define(INT, [], (_args, { caught }) => caught?.severity ?? null),
    error_state: define(INT, [], (_args, { caught }) => caught?.state ?? null),
    error_line: define(INT, [], (_args, { caught }) => caught?.line ?? null),
    error_procedure: define(NAME, [], (_args, { caught }) => caught?.procedure ?? null),
    rowcount_big: define({ name: 'bigint' }, [], (_args, run) => run.session.rowCount),
  };
  return new Map(Object.entries(functions));
}

function objectId(
  state: ServerState,
  run: Run,
  text: string,
  kind: SqlValue,
  temporary: (name: string) => Table | undefined,
): SqlValue {
  const parts = splitName(text);
  const name = parts.at(-1) ?? '';
  if (name.startsWith('#')) return temporary(name)?.id ?? null;
  const database =
    parts.length > 2 && parts.at(-3) !== ''
      ? state.databases.get((parts.at(-3) ?? '').toLowerCase())
      : run.session.database;
  const schema = parts.at(-2) ?? 'dbo';
  if (typeof kind === 'string' && kind.trim().toUpperCase() !== 'U') return null;
  if (schema.toLowerCase() === 'cdc')
    return database !== undefined && run.session.access(database).sees('cdc', name)
      ? changeTableId(database, name)
      : null;
  const table = database?.table(schema === '' ? 'dbo' : schema, name);
  return table !== undefined &&
    database !== undefined &&
    run.session.access(database).sees(table.schema, name)
    ? table.id
    : null;
}

function changeTableId(database: Database | undefined, name: string): SqlValue {
  const instance = /_ct$/i.test(name) ? database?.cdc?.instance(name.slice(0, -3)) : undefined;
  return instance === undefined || instance.changeTableGone ? null : instance.objectId;
}

const findTable = (database: Database | undefined, id: SqlValue): Table | undefined =>
  typeof id === 'number' ? database?.tableById(id) : undefined;

function findObject(
  database: Database | undefined,
  id: SqlValue,
): { readonly name: string; readonly schema: string } | undefined {
  const table = findTable(database, id);
  if (table !== undefined) return table;
  const instance = [...(database?.cdc?.instances.values() ?? [])].find((each) => each.objectId === id);
  return instance && { name: `${instance.name}_CT`, schema: 'cdc' };
}

const variant = (value: string | number): SqlValue => ({
  type: typeof value === 'number' ? INT : NAME,
  value,
});

function serverProperty(name: string): SqlValue {
  const known: Readonly<Record<string, string | number>> = {
    productversion: PRODUCT_VERSION,
    productlevel: 'RTM',
    productmajorversion: '16',
    productminorversion: '0',
    edition: 'Developer Edition (64-bit)',
    engineedition: 3,
    servername: SERVER_NAME,
    machinename: SERVER_NAME,
    collation: 'SQL_Latin1_General_CP1_CI_AS',
    isclustered: 0,
    ishadrenabled: 0,
    isintegratedsecurityonly: 0,
    processid: 1,
  };
  const found = known[name.toLowerCase()];
  return found === undefined ? null : variant(found);
}

function databaseProperty(database: Database | undefined, name: string): SqlValue {
  if (database === undefined) return null;
  const known: Readonly<Record<string, string | number>> = {
    collation: database.collation.name,
    status: database.offline ? 'OFFLINE' : 'ONLINE',
    updateability: database.readOnly ? 'READ_ONLY' : 'READ_WRITE',
    recovery: 'FULL',
    useraccess: 'MULTI_USER',
  };
  const found = known[name.toLowerCase()];
  return found === undefined ? null : variant(found);
}

function columnProperty(table: Table | undefined, name: string, property: string): SqlValue {
  const column = table?.columns[table.position(name) ?? -1];
  if (column === undefined) return null;
  switch (property.toLowerCase()) {
    case 'isidentity':
      return column.identity === undefined ? 0 : 1;
    case 'iscomputed':
      return column.computed === undefined ? 0 : 1;
    case 'allowsnull':
      return column.nullable ? 1 : 0;
    case 'columnid':
      return column.id;
    case 'isrowguidcol':
      return 0;
    default:
      throw new SqlError(50_000, `COLUMNPROPERTY(…, '${property}') is not supported by this server.`);
  }
}

function identCurrent(database: Database, text: string): SqlValue {
  const parts = splitName(text);
  const table = database.table(parts.at(-2) ?? 'dbo', parts.at(-1) ?? '');
  const identity = table?.columns.find((column) => column.identity !== undefined)?.identity;
  return asNumeric(identity === undefined ? undefined : (table?.lastIdentity ?? identity.seed));
}
