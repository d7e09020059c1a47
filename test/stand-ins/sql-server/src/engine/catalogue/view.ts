/** How a view of the catalogue is written down: its columns, and the rows as plain objects by column. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { VirtualTable } from '../query/table-like.ts';
import type { Frame } from '../query/run.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';

export interface ViewContext {
  readonly state: ServerState;
  /** The database whose catalogue it is. */
  readonly database: Database;
}

export type MakeView = (context: ViewContext) => VirtualTable;

type Row<C extends string> = Readonly<Partial<Record<C, SqlValue>>>;

export const types = {
  int: { name: 'int' },
  smallint: { name: 'smallint' },
  tinyint: { name: 'tinyint' },
  bigint: { name: 'bigint' },
  bit: { name: 'bit' },
  datetime: { name: 'datetime' },
  sysname: { name: 'nvarchar', length: 128 },
  text: { name: 'nvarchar', length: 4000 },
  code: { name: 'char', length: 2 },
  lsn: { name: 'binary', length: 10 },
  lsnText: { name: 'nvarchar', length: 23 },
  lsnNumber: { name: 'numeric', precision: 25, scale: 0 },
  guid: { name: 'uniqueidentifier' },
} as const satisfies Record<string, SqlType>;

/** Columns that a row leaves out are NULL. */
export function view<C extends string>(
  columns: Readonly<Record<C, SqlType>>,
  rows: (context: ViewContext, frame: Frame) => Iterable<Row<C>>,
): MakeView {
  const names = Object.keys(columns) as C[];
  const shape = names.map((name) => ({ name, type: columns[name], nullable: true }));
  return (context) => ({
    kind: 'virtual',
    columns: shape,
    *rows(frame) {
      for (const row of rows(context, frame)) yield names.map((name) => row[name] ?? null);
    },
  });
}
