/** Alias types: CREATE TYPE name FROM type, and columns that are of one ("CREATE TYPE"). */
import type { SqlType } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Of } from '../parser/statement-kinds.ts';
import type { Name } from '../parser/ast.ts';
import type { ServerState } from '../server/server-state.ts';
import type { AliasType } from '../storage/alias-type.ts';
import type { Database } from '../storage/database.ts';
import type { Transaction } from '../storage/transaction.ts';

export interface TypeContext {
  readonly state: ServerState;
  readonly database: Database;
  readonly transaction: Transaction;
}

/** Errors 219 when there is one of that name, 2760 for a schema that is not there. */
export function createType({ name, type, nullable }: Of<'createType'>, context: TypeContext): void {
  const { database, transaction } = context;
  const [schema, own] = [schemaOf(name), name.at(-1) ?? ''];
  if (database.schema(schema) === undefined) throw errors.schemaMissing(schema);
  if (database.aliasType(name) !== undefined) throw errors.typeExists(`${schema}.${own}`);
  const key = database.typeKey(name);
  database.types.set(key, { name: own, schema, type, nullable, id: database.nextTypeId++ });
  transaction.onRollback(() => database.types.delete(key));
}

/** Errors 3701 for one that is not there, 3732 while a column is of it. */
export function dropType(name: Name, ifExists: boolean, { database, transaction }: TypeContext): void {
  const found = database.aliasType(name);
  if (found === undefined) {
    if (ifExists) return;
    throw errors.cannotDrop('type', name);
  }
  for (const table of database.tables())
    if (table.columns.some(({ alias }) => alias === found)) throw errors.typeInUse(found.name, table.name);
  const key = database.typeKey(name);
  database.types.delete(key);
  transaction.onRollback(() => database.types.set(key, found));
}

/** What a definition of a column says of its type. Error 2715 for an alias type that is not there. */
export function typeOf(
  definition: { readonly type?: SqlType; readonly alias?: Name },
  database: Database,
): { readonly type: SqlType; readonly alias?: AliasType } | undefined {
  if (definition.type !== undefined) return { type: definition.type };
  if (definition.alias === undefined) return undefined;
  const alias = database.aliasType(definition.alias);
  if (alias === undefined) throw errors.unknownType(definition.alias.join('.'), 1);
  return { type: alias.type, alias };
}

const schemaOf = (name: Name): string => name.at(-2) || 'dbo';
