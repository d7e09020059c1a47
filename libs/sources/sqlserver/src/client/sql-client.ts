/** What reading needs of a database: statements in, rows out. */
import type { CallOptions } from '@dstream/core';
import { lsnBytes, type Lsn } from '../position/log-position.ts';

/** Errors are DStreamErrors; abort rejects with `signal.reason`. */
export interface SqlClient extends AsyncDisposable {
  /** All rows of a small result, by result set. */
  query(statement: Statement, o: CallOptions): Promise<readonly (readonly (readonly unknown[])[])[]>;
  /** Rows as they arrive, several at a time, no faster than pulled. Leaving early closes the connection. */
  stream(statement: Statement, limits: StreamLimits, o: CallOptions): AsyncIterable<readonly Cells[]>;
}

/** A value that is bound to a statement, in a type of the server. */
export type Parameter =
  | { readonly name: string; readonly type: 'lsn'; readonly value: Buffer }
  | { readonly name: string; readonly type: 'lsns'; readonly value: Buffer }
  | { readonly name: string; readonly type: 'int'; readonly value: number }
  | { readonly name: string; readonly type: 'name'; readonly value: string };

/** A text that stays the same from call to call, so that the server keeps one plan, and what is bound to it. */
export interface Statement {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

/** One row of a result. */
export interface Cells {
  /** Number of the result set, from 0. */
  readonly set: number;
  readonly values: readonly unknown[];
  /** Rough size in memory. */
  readonly bytes: number;
}

/** How much of a streamed result may wait unread before the flow is paused. */
export interface StreamLimits {
  readonly maxRows: number;
  readonly maxBytes: number;
  /**
   * Number of the result set whose rows come without long pauses once the first one is there. Before, silence may be the
   * server's sorting, also between sets: that one has ended is seen only when the next has filled a packet. 0 when not given.
   */
  readonly steadyFrom?: number;
}

/** An LSN: binary(10). */
export function lsnParameter(name: string, value: Lsn): Parameter {
  return { name, type: 'lsn', value: lsnBytes(value) };
}

/** Any number of LSNs, ten bytes each, one after the other. */
export function lsnsParameter(name: string, value: Buffer): Parameter {
  return { name, type: 'lsns', value };
}

/** An int. */
export function intParameter(name: string, value: number): Parameter {
  return { name, type: 'int', value };
}

/** A name of the catalogue: sysname, nvarchar(128). */
export function nameParameter(name: string, value: string): Parameter {
  return { name, type: 'name', value };
}

/** Quotes a name as `QUOTENAME` does: in brackets, with the closing one doubled. */
export function quoteName(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

/** A Unicode literal. Only for names in a statement's text: values are bound. */
export function literal(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}
