import type { CallOptions } from '@dstream/core';
import type { Statement } from '../sql/statement.ts';

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

/** What reading needs of a database. Errors are DStreamErrors; abort rejects with `signal.reason`. */
export interface SqlClient extends AsyncDisposable {
  /** All rows of a small result, by result set. */
  query(statement: Statement, o: CallOptions): Promise<readonly (readonly (readonly unknown[])[])[]>;
  /** Rows as they arrive, in handfuls, no faster than pulled. Leaving early gives up the connection, not the server. */
  stream(statement: Statement, limits: StreamLimits, o: CallOptions): AsyncIterable<readonly Cells[]>;
}
