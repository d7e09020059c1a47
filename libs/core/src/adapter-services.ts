/** What a process gives to the adapters it opens, besides the settings that the configuration made of their keys. */
import type { Clock } from './clock.ts';
import type { CredentialOf } from './identity.ts';
import type { InstanceId } from './lease-store.ts';
import type { Log } from './log.ts';
import type { Hash } from './shorten.ts';
import type { SourceObserver } from './source-observer.ts';

export interface AdapterServices {
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly hash: Hash;
  /** Who signs in where there is no connection string. One an identity for the process, made at the first call. */
  readonly credential: CredentialOf;
}

export interface SourceServices extends AdapterServices {
  /** The source's name in the identity of its tables. Undefined: the source derives one from where it is. */
  readonly name: string | undefined;
  /** Where a partition without a checkpoint begins: at the oldest change that is kept, or with what comes. */
  readonly start: 'earliest' | 'latest';
  /** What happens when changes are gone: `read` throws, or goes on behind an event that reports the gap. */
  readonly onGap: 'stop' | 'skip';
  /**
   * What a batch should hold, at most, where the ingester wants more than usual: it deals one among many messages. A wish: a
   * source may give smaller batches. Undefined: a few hundred changes.
   */
  readonly batch?: { readonly changes: number; readonly bytes: number } | undefined;
  readonly observer: SourceObserver;
}

export type TopicServices = AdapterServices;

export interface SubscriptionServices extends AdapterServices {
  /** Sessions that may be held side by side, also while they take turns. */
  readonly maxSessions: number;
}

/**
 * `clock` measures what this process may rely on (`Lease.goodUntilMs`) and dates `savedAt`. The ends of leases are the
 * service's time. A service that tells no time (files, a plain table) is given `clock.wallMs()` of each machine instead:
 * those clocks must then agree within a fifth of a lease, which the type's README says. Such a store takes that clock by
 * a parameter of its own, so that a test moves the store's time and a replica's apart.
 */
export interface LeaseServices extends AdapterServices {
  /** This replica. */
  readonly instance: InstanceId;
  /** How long a lease lasts without renewal. A call to the service takes a fifth of it at most. */
  readonly leaseDurationMs: number;
  /** Under which everything is kept: see `ChangeSource.scope`. Read when it is used. */
  readonly source: { readonly scope: string };
}

export interface OutputServices extends AdapterServices {
  /** The name of the output, for messages: its label, else its type. */
  readonly name: string;
}
