import type { Clock, InstanceId, Log, TokenCredential } from '@dstream/core';
import type { Metrics } from './metrics.ts';

/** What a process gives to a service it composes. */
export interface ServiceContext<C> {
  readonly instance: InstanceId;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly configuration: C;
  /** Who signs in where there is no connection string. One for the process, made at the first call. */
  readonly credential: () => TokenCredential;
}
