import type { Service } from '@dstream/core';
import type { Activity } from './activity-log.ts';

/** A service with what its process shows of it. Disposing closes its connections. */
export interface RunningService extends Service, AsyncDisposable {
  /** Why `/readyz` says no; undefined when it says yes. */
  notReady(): string | undefined;
  /** True while a write hangs in a thread, so that `process.exit`, which waits for threads, would hang too. */
  isBlocked(): boolean;
  /** For the line of the log that says what the last minute moved. */
  activity(): Activity;
  /** JSON for `/status`, without secrets. */
  status(): unknown;
}
