/**
 * A database as it was: what a backup holds, and what RESTORE puts back over a database that is there (WITH KEEP_CDC). Rows
 * are never changed in place, so a point costs pointers only. After it the log goes on from where it was: the same LSNs
 * are given again, to other changes, on a recovery fork of its own ("sys.database_recovery_status").
 */
import { randomUUID } from 'node:crypto';
import type { CdcDatabase } from './cdc-database.ts';
import type { AliasType } from './alias-type.ts';
import type { Database, Schema } from './database.ts';
import type { Lsn } from './log-sequence.ts';
import type { Row, Values } from './row.ts';
import { remakeKeys, type Table } from './table.ts';

interface KeptTable {
  readonly table: Table;
  readonly shape: Pick<
    Table,
    'columns' | 'indexes' | 'checks' | 'foreignKeys' | 'referencedBy' | 'lastIdentity' | 'nextColumnId'
  >;
  readonly rows: readonly Values[];
}

export interface RestorePoint {
  readonly schemas: readonly Schema[];
  readonly tables: readonly KeptTable[];
  readonly types: ReadonlyMap<string, AliasType>;
  readonly security: () => void;
  readonly log: Lsn;
  readonly rowVersion: bigint;
  readonly cdc: { readonly of: CdcDatabase; readonly rewind: () => void } | undefined;
}

/** What is committed now; an open transaction is no part of it. */
export function rememberDatabase(database: Database): RestorePoint {
  const { cdc } = database;
  return {
    schemas: [...database.schemas.values()].map((schema) => ({ ...schema, tables: new Map(schema.tables) })),
    tables: [...database.tables()].map(keep),
    types: new Map(database.types),
    security: database.security.remember(),
    log: database.log.last,
    rowVersion: database.rowVersion,
    cdc: cdc && { of: cdc, rewind: cdc.remember() },
  };
}

function keep(table: Table): KeptTable {
  const { columns, indexes, checks, foreignKeys, referencedBy, lastIdentity, nextColumnId } = table;
  return {
    table,
    shape: { columns, indexes, checks, foreignKeys, referencedBy, lastIdentity, nextColumnId },
    rows: table.visible(false),
  };
}

/** The caller has ended every transaction of the database, and compiles everything anew. */
export function rewindDatabase(database: Database, point: RestorePoint): void {
  database.schemas.clear();
  for (const schema of point.schemas)
    database.schemas.set(database.collation.fold(schema.name), { ...schema, tables: new Map(schema.tables) });
  database.types.clear();
  for (const [key, type] of point.types) database.types.set(key, type);
  point.security();
  for (const kept of point.tables) putBack(kept);
  for (const { table } of point.tables) remakeKeys(table);
  database.forkPoint = point.log;
  database.log.rewind(point.log);
  database.rowVersion = point.rowVersion;
  database.cdc = point.cdc?.of;
  point.cdc?.rewind();
  database.recoveryFork = randomUUID().toUpperCase();
}

function putBack({ table, shape, rows }: KeptTable): void {
  const { columns, ...rest } = shape;
  table.setColumns(columns);
  Object.assign(table, rest);
  table.rows.clear();
  for (const values of rows) {
    const row: Row = { committed: values, current: values };
    table.rows.add(row);
  }
}
