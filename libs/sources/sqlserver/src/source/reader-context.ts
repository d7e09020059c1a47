import type { Clock, Hash, Log, SourceObserver } from '@dstream/core';
import type { SqlClient } from '../client/sql-client.ts';
import type { ReadMode } from '../position/log-position.ts';
import type { Prober } from './prober.ts';
import type { ReadLimits } from './page-reader.ts';

/** Where a table without a checkpoint begins: at the oldest change that is kept, or with what comes from now on. */
export type Start = 'earliest' | 'latest';

/** What becomes of a table whose changes are gone: it stops, or reports the gap by an event and continues after it. */
export type OnGap = 'stop' | 'skip';

/** What all table readers of a source share. */
export interface ReaderContext {
  readonly client: SqlClient;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly log: Log;
  /** Warnings that were logged: once, not again whenever a table is read anew. */
  readonly warned: Set<string>;
  readonly observer: SourceObserver;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly hash: Hash;
  readonly limits: ReadLimits;
  readonly start: Start;
  readonly onGap: OnGap;
  readonly mode: ReadMode;
}
