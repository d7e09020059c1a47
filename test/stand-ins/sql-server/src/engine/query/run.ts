/** What compiled code works with while it runs: the frame of one query block and the batch around it. */
import type { SqlMessage, SqlMoment, SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Access } from '../security/access.ts';
import type { Database } from '../storage/database.ts';
import type { Values } from '../storage/row.ts';
import type { ScalarContext } from '../values/index.ts';

export interface Variable {
  readonly type: SqlType;
  value: SqlValue;
}

/** The part of a session that expressions can ask for. */
export interface SessionFacts {
  readonly id: number;
  readonly user: string;
  readonly appName: string;
  readonly hostName: string;
  readonly database: Database;
  /** What it may do in a database. */
  access(database: Database): Access;
  isOpen(database: Database): boolean;
  readonly transactionCount: number;
  readonly transactionState: -1 | 0 | 1;
  rowCount: bigint;
  lastError: number;
  lastIdentity: bigint | undefined;
  scopeIdentity: bigint | undefined;
  /** True when this session's transaction is the writer of `database`: then it sees its own rows. */
  isWriterOf(database: Database): boolean;
}

/** One execution of one batch. */
export interface Run extends ScalarContext {
  readonly session: SessionFacts;
  readonly variables: Map<string, Variable>;
  /** The error of the innermost CATCH block that runs. */
  caught: SqlMessage | undefined;
  nowTicks(): SqlMoment;
}

export interface Frame {
  /** The current row of every table source of the block, by slot. */
  readonly slots: (Values | undefined)[];
  /** The frame of the query around this one. */
  readonly outer: Frame | undefined;
  readonly run: Run;
}

export type Evaluate = (frame: Frame) => SqlValue;

/** null is unknown. */
export type Test = (frame: Frame) => boolean | null;
