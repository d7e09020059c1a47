/** What expressions and queries are compiled to. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Name } from '../parser/ast.ts';
import type { Evaluate, Frame, Run } from './run.ts';

export interface OutputColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly identity?: boolean;
  /** All its values are literal NULLs. */
  readonly untyped?: boolean;
}

export interface Compiled {
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly evaluate: Evaluate;
  /** A literal NULL, whose type gives way to any other. */
  readonly untyped?: boolean;
  /** Known before the first row. */
  readonly constant?: boolean;
}

export interface CompiledQuery {
  /** SELECT @x = …: the rows are read for their effect. */
  readonly assigns: boolean;
  readonly into?: Name;
  readonly columns: readonly OutputColumn[];
  /** The rows for one row of the block around it. Pull to go on. */
  rows(at: Surroundings): Iterable<readonly SqlValue[]>;
}

/** The frame around a query that is about to run; there is none around a statement. */
export interface Surroundings {
  readonly outer: Frame | undefined;
  readonly run: Run;
}
