/** A service in its process: what it is given, and what the process shows of it. Loads no logging and no metrics. */
import { createHash } from 'node:crypto';
import type {
  AdapterServices,
  CallOptions,
  Checks,
  Clock,
  CredentialOf,
  InstanceId,
  Log,
  Service,
} from '@dstream/core';
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

/** A part of a configuration, for `dstream check`. */
export interface CheckedPart {
  /** Its block: `ingester.source`. */
  readonly path: string;
  /** The `type` of the block. */
  readonly type: string;
  /** Undefined: there is nothing to look at. */
  readonly checks: ((o: CallOptions) => Checks) | undefined;
}

/** A block of a configuration that may have checks, as `Checkable` of `@dstream/config`. `A` is what they are given. */
interface CheckableBlock<A> {
  readonly path: string;
  readonly type: string;
  readonly checks?: (services: A, o: CallOptions) => Checks;
}

/** The checks of a block with what they need. */
export function checkedPart<A>({ path, type, checks }: CheckableBlock<A>, services: A): CheckedPart {
  return { path, type, checks: checks && ((o) => checks(services, o)) };
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
