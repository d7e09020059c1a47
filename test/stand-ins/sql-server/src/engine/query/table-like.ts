/** What FROM can read: tables of the storage, and rows that are made when they are read. */
import type { SqlValue } from '../interface/engine-session.ts';
import type { Database } from '../storage/database.ts';
import type { Values } from '../storage/row.ts';
import type { Table } from '../storage/table.ts';
import type { OutputColumn } from './compiled.ts';
import type { Frame } from './run.ts';

/** A table of the storage, found by name. */
export interface StoredTable {
  readonly kind: 'stored';
  readonly table: Table;
  /** Undefined for temporary tables. */
  readonly database: Database | undefined;
}

/** Rows that are made when they are read: views of the catalogue, change tables, table functions. */
export interface VirtualTable {
  readonly kind: 'virtual';
  readonly columns: readonly OutputColumn[];
  /** Columns by which the rows come ordered, ascending. */
  readonly order?: readonly string[];
  /** `bounds` only narrows: rows outside of them may come all the same. */
  rows(frame: Frame, bounds?: Bounds): Iterable<Values>;
}

/** What WHERE says about the columns that a virtual table is ordered by. */
export interface Bounds {
  /** Only rows strictly behind these values of the first columns, compared one after the other. */
  readonly after?: Values;
  /** Bounds of the first column, both included. */
  readonly low?: SqlValue;
  readonly high?: SqlValue;
}

export type TableLike = StoredTable | VirtualTable;
