/** A service in its process: what it is given, and what the process shows of it. Loads no logging and no metrics. */
import { createHash } from 'node:crypto';
import type { AdapterServices, Clock, CredentialOf, InstanceId, Log, Service } from '@dstream/core';
import type { Activity } from './activity-log.ts';
import type { Metrics } from './metrics.ts';

/** What a process gives to a service it composes. `C` is its configuration. */
export interface ServiceContext<C> {
  readonly instance: InstanceId;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly configuration: C;
  /** Signs in where there is no connection string. The process has one credential for each identity. */
  readonly credential: CredentialOf;
  /** Where this process serves `/status`, as `http://127.0.0.1:8080`; undefined before it does, and when it does not. */
  readonly httpAddress: () => string | undefined;
}

/** A service with what its process shows of it. Disposing closes its connections. */
export interface RunningService extends Service, AsyncDisposable {
  /** Why `/readyz` answers 503; undefined when the service is ready. */
  notReady(): string | undefined;
  /** True while a write hangs in a thread, so that `process.exit`, which waits for threads, would hang too. */
  isBlocked(): boolean;
  /** For the log line about the last minute. */
  activity(): Activity;
  /** JSON for `/status`, without secrets. */
  status(): unknown;
}

/** What a process gives to every adapter that it opens. */
export function adapterServices({
  clock,
  log,
  credential,
}: Pick<ServiceContext<unknown>, 'clock' | 'log' | 'credential'>): AdapterServices {
  return { clock, log, credential, random: Math.random, hash: sha256Hex };
}

/**
 * SHA-256 of a text as hex digits: the hash that core is given. Ingester and processor must use the same one, or the
 * processor would not recognise the shortened session of a table.
 */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
