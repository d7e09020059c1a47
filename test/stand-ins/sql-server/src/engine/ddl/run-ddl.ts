/** Executes CREATE, ALTER, DROP and TRUNCATE within a transaction that has the write lock. */
import { dropCaptures } from '../cdc/disable-table.ts';
import { followTable } from '../cdc/follow-table.ts';
import { errors } from '../errors/errors.ts';
import type { DefinitionStatement, Of } from '../parser/statement-kinds.ts';
import type { Name } from '../parser/ast.ts';
import type { TableDefinition } from '../parser/table-ast.ts';
import type { Run } from '../query/run.ts';
import type { Compilation } from '../query/scope.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import { sameName, type Table } from '../storage/table.ts';
import { SERVER_COLLATION, type Collation } from '../values/index.ts';
import type { Transaction } from '../storage/transaction.ts';
import { alterTable, forgetRows, rememberTable } from './alter-table.ts';
import { createType, dropType } from './alias-types.ts';
import { addIndex, defineTable } from './define-table.ts';

export interface DdlContext {
  readonly state: ServerState;
  readonly database: Database;
  readonly compilation: Compilation;
  readonly transaction: Transaction;
  readonly run: Run;
  readonly temporaryTables: Map<string, Table>;
}

export function runDdl(statement: DefinitionStatement, context: DdlContext): void {
  context.state.version++;
  context.transaction.onRollback(() => context.state.version++);
  switch (statement.kind) {
    case 'createSchema':
      createSchema(statement.name, context);
      return;
    case 'dropSchema':
      for (const name of statement.names) dropSchema(name, statement.ifExists, context);
      return;
    case 'createTable':
      createTable(statement.name, statement.table, context);
      return;
    case 'dropTable':
      for (const name of statement.names) dropTable(name, statement.ifExists, context);
      return;
    case 'alterTable':
      alter(statement, context);
      return;
    case 'createIndex':
      createIndex(statement, context);
      return;
    case 'dropIndex':
      dropIndex(statement, context);
      return;
    case 'createType':
      createType(statement, context);
      return;
    case 'dropType':
      dropType(statement.name, statement.ifExists, context);
      return;
    case 'truncate':
      truncate(statement.table, context);
  }
}

function createSchema(name: string, { database, transaction }: DdlContext): void {
  if (database.schema(name) !== undefined) throw errors.objectExists(name);
  database.addSchema(name);
  transaction.onRollback(() => database.schemas.delete(database.collation.fold(name)));
}

function dropSchema(name: string, ifExists: boolean, { database, transaction }: DdlContext): void {
  const schema = database.schema(name);
  if (schema === undefined) {
    if (ifExists) return;
    throw errors.cannotDrop('schema', [name]);
  }
  const [table] = schema.tables.values();
  if (table !== undefined) throw errors.schemaNotEmpty(name, table.name);
  const key = database.collation.fold(name);
  database.schemas.delete(key);
  transaction.onRollback(() => database.schemas.set(key, schema));
}

export function createTable(name: Name, definition: TableDefinition, context: DdlContext): Table {
  const own = name.at(-1) ?? '';
  const { state, compilation } = context;
  const home = own.startsWith('#') ? temporaryHome(context) : schemaHome(name, context);
  const key = home.collation.fold(own);
  if (home.tables.has(key)) throw errors.objectExists(own);
  const table = state.newTable({
    schema: home.schema,
    name: own,
    temporary: own.startsWith('#'),
    collation: home.collation,
  });
  home.tables.set(key, table);
  context.transaction.onRollback(() => home.tables.delete(key));
  defineTable(table, definition, state, compilation);
  const { foreignKeys } = table;
  context.transaction.onRollback(() => foreignKeys.forEach((key) => forget(key)));
  return table;
}

interface Home {
  readonly schema: string;
  readonly tables: Map<string, Table>;
  readonly collation: Collation;
}

const temporaryHome = ({ temporaryTables }: DdlContext): Home => ({
  schema: 'dbo',
  tables: temporaryTables,
  collation: SERVER_COLLATION,
});

function schemaHome(name: Name, { database }: DdlContext): Home {
  const schema = database.schema(schemaOf(name));
  if (schema === undefined) throw errors.schemaMissing(schemaOf(name));
  return { schema: schema.name, tables: schema.tables, collation: database.collation };
}

const schemaOf = (name: Name): string =>
  name.length > 1 && name.at(-2) !== '' ? (name.at(-2) ?? 'dbo') : 'dbo';

function forget(foreignKey: Table['foreignKeys'][number]): void {
  const { referenced } = foreignKey;
  referenced.referencedBy = referenced.referencedBy.filter((each) => each !== foreignKey);
}

function find(name: Name, context: DdlContext): { table: Table; home: Home } | undefined {
  const own = name.at(-1) ?? '';
  const schema = own.startsWith('#') ? undefined : context.database.schema(schemaOf(name));
  const home = own.startsWith('#')
    ? temporaryHome(context)
    : schema && { schema: schema.name, tables: schema.tables, collation: context.database.collation };
  const table = home?.tables.get(home.collation.fold(own));
  return home === undefined || table === undefined ? undefined : { table, home };
}

/** Dropping a captured table drops its capture instances too ("DROP TABLE": change data capture). */
function dropTable(name: Name, ifExists: boolean, context: DdlContext): void {
  const found = find(name, context);
  if (found === undefined) {
    if (dropChangeTable(name, context) || ifExists) return;
    throw errors.cannotDrop('table', name);
  }
  const { table, home } = found;
  const { transaction, database } = context;
  if (table.referencedBy.some((key) => key.table !== table)) throw errors.dropReferenced(table.fullName);
  if (database.cdc !== undefined) dropCaptures(database.cdc, database.cdc.instancesOf(table), transaction);
  rememberTable(table, transaction);
  for (const key of table.foreignKeys) forget(key);
  transaction.onRollback(() => {
    for (const key of table.foreignKeys) key.referenced.referencedBy = [...key.referenced.referencedBy, key];
  });
  const key = home.collation.fold(table.name);
  home.tables.delete(key);
  transaction.onRollback(() => home.tables.set(key, table));
}

/** `cdc.<instance>_CT` dropped by hand: the instance stays, without what it captured. */
function dropChangeTable(name: Name, { database, transaction }: DdlContext): boolean {
  const own = name.at(-1) ?? '';
  if (schemaOf(name).toLowerCase() !== 'cdc' || !/_ct$/i.test(own)) return false;
  const instance = database.cdc?.instance(own.slice(0, -'_CT'.length));
  if (instance === undefined || instance.changeTableGone) return false;
  instance.changeTableGone = true;
  transaction.onRollback(() => {
    instance.changeTableGone = false;
  });
  return true;
}

function alter({ name, action }: Of<'alterTable'>, context: DdlContext): void {
  const table = find(name, context)?.table;
  if (table === undefined) throw errors.cannotFind(name);
  const { state, compilation, transaction, run, database } = context;
  alterTable(table, action, {
    state,
    compilation,
    transaction,
    run,
    database: table.temporary ? undefined : database,
  });
  followTable(table, action, context);
}

function createIndex(
  { name, table: tableName, columns, unique, clustered }: Of<'createIndex'>,
  context: DdlContext,
): void {
  const table = find(tableName, context)?.table;
  if (table === undefined) throw errors.cannotFind(tableName);
  if (table.indexes.some((index) => sameName(table, index.name, name)))
    throw errors.indexExists(name, table.fullName);
  rememberTable(table, context.transaction);
  addIndex(table, { name, columns, unique, clustered });
}

function dropIndex({ name, table: tableName, ifExists }: Of<'dropIndex'>, context: DdlContext): void {
  const table = find(tableName, context)?.table;
  const index = table?.indexes.find((each) => sameName(table, each.name, name));
  if (table === undefined || index === undefined) {
    if (ifExists) return;
    throw errors.cannotDrop('index', [...tableName, name]);
  }
  if (index.constraint !== undefined) throw errors.dropConstraintIndex(table.name, name);
  rememberTable(table, context.transaction);
  table.indexes = table.indexes.filter((each) => each !== index);
}

/** Error 4711 on a captured table, 4712 when another table refers to it. */
function truncate(name: Name, context: DdlContext): void {
  const table = find(name, context)?.table;
  if (table === undefined) throw errors.cannotFindToTruncate(name);
  if (context.database.cdc?.captures(table) === true) throw errors.truncateCaptured(table.name);
  if (table.referencedBy.some((key) => key.table !== table)) throw errors.truncateReferenced(table.name);
  rememberTable(table, context.transaction);
  forgetRows(table, context.transaction);
  table.lastIdentity = undefined;
}
