/** What a process gives to the adapters it opens, besides the settings that the configuration made of their keys. */
import type { Clock, Log } from './context.ts';
import type { InstanceId } from './lease-store.ts';
import type { SourceObserver } from './source-observer.ts';
import type { Hash } from './table-id.ts';

/** Given to every adapter when it is opened. */
export interface AdapterServices {
  readonly clock: Clock;
  readonly log: Log;
  /** Draws a number in [0, 1). */
  readonly random: () => number;
  readonly hash: Hash;
  /** Signs in where there is no connection string. The process has one credential for each identity, made at the first call. */
  readonly credential: CredentialOf;
}

/** Given to a source. */
export interface SourceServices extends AdapterServices {
  /** The source's name in the identity of its tables. Undefined: the source derives one from its address. */
  readonly name: string | undefined;
  /** Where a partition without a checkpoint begins: at the oldest change that is kept, or with new changes. */
  readonly start: 'earliest' | 'latest';
  /** What happens when changes are gone: `read` throws, or continues after an event that reports the gap. */
  readonly onGap: 'stop' | 'skip';
  /**
   * What a batch should hold, at most, where the ingester wants more than usual: it deals one among many messages. A wish: a
   * source may give smaller batches. Undefined: a few hundred changes.
   */
  readonly batch?: { readonly changes: number; readonly bytes: number } | undefined;
  readonly observer: SourceObserver;
}

/** Given to a topic. */
export interface TopicServices extends AdapterServices {
  /** For its checks: the largest body that the ingester packs, in bytes. */
  readonly packMaxBytes?: number;
}

/** Given to a subscription. */
export interface SubscriptionServices extends AdapterServices {
  /** Sessions that may be held at the same time, also while sessions take turns. */
  readonly maxSessions: number;
}

/**
 * Given to a lease store. `clock` measures what this process may rely on (`Lease.goodUntilMs`) and dates `savedAt`. The
 * ends of leases are the service's time. A service without a clock of its own (files, a plain table) is given `clock.wallMs()` of
 * each machine instead: those clocks must then agree within a fifth of a lease, and the type's README states it. Such a store
 * gets that clock by a parameter of its own, so that a test moves the store's time and a replica's apart.
 */
export interface LeaseServices extends AdapterServices {
  /** This replica. */
  readonly instance: InstanceId;
  /** How long a lease lasts without renewal, in milliseconds. A call to the service takes a fifth of it at most. */
  readonly leaseDurationMs: number;
  /** The scope under which everything is kept: see `ChangeSource.scope`. Read when it is used. */
  readonly source: { readonly scope: string };
}

/** Given to a transform. */
export interface TransformServices extends AdapterServices {
  /** The name of the transform, for messages: its label. */
  readonly name: string;
}

/** Given to an output. */
export interface OutputServices extends AdapterServices {
  /** The name of the output, for messages: its label, else its type. */
  readonly name: string;
  /** Longest time of one call, in milliseconds, which the caller keeps. A publisher's own limits are not below it. Undefined: they count. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Which identity of Microsoft Entra ID signs in. Ids may be left out: the environment (`AZURE_CLIENT_ID`,
 * `AZURE_TENANT_ID`, …) names them then, as the Azure libraries read it.
 */
export type Identity =
  /** The first that is found: environment, workload identity, managed identity, command line. */
  | { readonly kind: 'default' }
  | { readonly kind: 'environment' }
  /** `clientId` of a user-assigned identity; the system-assigned one without it. */
  | { readonly kind: 'managed'; readonly clientId?: string }
  | { readonly kind: 'workload'; readonly clientId?: string; readonly tenantId?: string }
  | { readonly kind: 'azure-cli' }
  | {
      readonly kind: 'service-principal';
      readonly tenantId: string;
      readonly clientId: string;
      /** Secret. */
      readonly clientSecret: string;
    };

/**
 * Gives the credential of an identity (`default` without one), the same one at every call, so that a process requests
 * tokens once. Opens no connection: a failed sign-in rejects `getToken` with a DStreamError that is `fatal` (no identity,
 * refused) or `retry` (the token service cannot be reached).
 */
export type CredentialOf = (identity?: Identity) => TokenCredential;

/**
 * Signs in to a service without a connection string. The shape of `TokenCredential` of the Azure libraries, so that the
 * two are interchangeable; core needs no package of theirs for it.
 */
export interface TokenCredential {
  /** Called by the client libraries whenever they need a token; it keeps tokens and renews them by itself. */
  getToken(
    scopes: string | string[],
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<AccessToken | null>;
}

/** What `TokenCredential.getToken` resolves with. */
export interface AccessToken {
  /** Secret. */
  readonly token: string;
  /** Wall clock, ms since 1970 UTC. */
  readonly expiresOnTimestamp: number;
}

/** The variables that set a proxy, in the order in which HTTP clients look for that of an https address. */
export const proxyVariables = [
  'HTTPS_PROXY',
  'https_proxy',
  'ALL_PROXY',
  'all_proxy',
  'HTTP_PROXY',
  'http_proxy',
] as const;

/**
 * The name of the variable that sets a proxy; undefined when none does. Errors of connections name it, never its value,
 * which may hold a password.
 */
export function proxyVariable(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return proxyVariables.find((name) => (env[name] ?? '').trim() !== '');
}
