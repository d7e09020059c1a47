/** What compiling one statement can ask for: the catalogue, the types of variables, and how queries are compiled. */
import type { SqlType, SqlValue } from '../engine-session.ts';
import type { Name } from '../parser/ast.ts';
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';
import type { CompileQuery, OutputColumn } from './scope.ts';
import type { Frame } from './run.ts';
import type { Values } from '../storage/row.ts';
import type { Compiled } from './scope.ts';

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

export interface Compilation {
  readonly database: Database;
  /** Errors 208, 911. */
  table(name: Name): TableLike;
  /** Error 1087. */
  tableVariable(name: string): TableLike;
  /** Error 208 when there is no such table function. */
  tableFunction(name: Name, args: readonly Compiled[]): VirtualTable;
  /** The type of a variable. Error 137. */
  variable(name: string): SqlType;
  /** Functions of the engine by full name in lower case: `db_name`, `sys.fn_cdc_get_max_lsn`. */
  engineFunction(name: Name): EngineFunction | undefined;
  readonly compileQuery: CompileQuery;
}

export interface EngineFunction {
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly type: SqlType;
  readonly constant?: boolean;
  call(args: Values, frame: Frame): SqlValue;
  /** What the arguments are converted to before the call; the last one repeats. */
  readonly takes: readonly SqlType[];
}
