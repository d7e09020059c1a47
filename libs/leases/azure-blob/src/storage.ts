/**
 * The container of blobs: how to get in, and how it is called. Every call is bounded in time, at most 64 run at a time, and
 * the client retries none by itself.
 */
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { Semaphore, withTimeout } from '@dstream/async';
import {
  DStreamError,
  proxyVariable,
  type AnnouncementId,
  type ChangeSource,
  type Clock,
  type InstanceId,
  type Log,
  type TokenCredential,
} from '@dstream/core';
import { announcementOf } from './blob-names.ts';
import { errorCodeOf, withoutRequest } from './translate-error.ts';

/** Where a storage account is and how to get in. */
export type BlobAddress =
  /** Connection string with the account key or a shared access signature. A secret. */
  | { readonly connectionString: string }
  /** `https://NAME.blob.core.windows.net` and who signs in: the client sends tokens over https only. */
  | { readonly accountUrl: string; readonly credential: TokenCredential };

/** Where the leases are, and whose they are. */
export type BlobLeasesOptions = BlobAddress & BlobLeasesSettings;

interface BlobLeasesSettings {
  readonly containerName: string;
  /** Whose partitions they are: its scope is the first two parts of every blob's name. Read at each use. */
  readonly source: Pick<ChangeSource, 'scope'>;
  /** This replica: written beside every lease it acquires. */
  readonly instance: InstanceId;
  /** How long a lease lasts without renewal, milliseconds: whole seconds from 15 to 60, the limits of the service. */
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes random UUIDs: lease ids, and the ends of announcements' names. */
  readonly newId: () => string;
}

/** Requests under way at a time: handing over a thousand tables opens no thousand connections. */
const maxRequests = 64;

/**
 * The share of a lease that one call may take, as much as `goodUntil` keeps back: a save that starts just before its lease
 * stops being good ends before the lease expires.
 */
const callShare = 0.2;

/** The calls of one store to its container. */
export class Storage {
  readonly container: ContainerClient;
  readonly options: BlobLeasesOptions;
  /** Random: distinguishes this replica from another one of the same name. */
  readonly replicaId: string;
  readonly announcement: AnnouncementId;
  readonly #requests = new Semaphore(maxRequests);

  /** Throws ConfigInvalid. Connects nothing. */
  constructor(options: BlobLeasesOptions) {
    checkDuration(options.leaseDurationMs);
    this.options = options;
    this.replicaId = options.newId();
    this.announcement = announcementOf(options.instance, this.replicaId);
    this.container = openService(options).getContainerClient(options.containerName);
  }

  /**
   * One request. It is aborted with `signal` and after a fifth of the lease, which includes the wait for one of the 64
   * places (the client's `tryTimeoutInMs` is only sent to the server). Rejects with `signal.reason`,
   * TimedOut, or what `run` threw, without the request.
   * @param atMostMs for a call that must end earlier than others
   */
  async call<T>(
    signal: AbortSignal,
    run: (abortSignal: AbortSignal) => Promise<T>,
    atMostMs = Infinity,
  ): Promise<T> {
    const { clock, leaseDurationMs } = this.options;
    const limitMs = Math.min(leaseDurationMs * callShare, atMostMs);
    const late = () =>
      new DStreamError('TimedOut', `the storage account did not answer within ${limitMs} ms`);
    try {
      return await withTimeout({ clock, atMs: clock.monotonicMs() + limitMs, late, signal }, (until) =>
        this.#requests.run(until, () => run(until)),
      );
    } catch (error) {
      throw withoutRequest(error);
    }
  }

  /** Creates the container if it does not exist. Otherwise the right to list blobs is enough. */
  async connect(signal: AbortSignal): Promise<void> {
    try {
      await this.call(signal, (abortSignal) => this.#listOne(abortSignal));
    } catch (error) {
      if (errorCodeOf(error) !== 'ContainerNotFound') throw error;
      await this.call(signal, (abortSignal) => this.container.createIfNotExists({ abortSignal }));
    }
  }

  async #listOne(abortSignal: AbortSignal): Promise<void> {
    await this.container.listBlobsFlat({ abortSignal }).byPage({ maxPageSize: 1 }).next();
  }
}

/** A header that the REST API promises and the client's types leave optional. */
export function required<T>(value: T | undefined, header: string): T {
  if (value === undefined)
    throw new DStreamError('Unexpected', `the storage account's reply has no ${header} header`);
  return value;
}

/** Throws ConfigInvalid for a duration that the service refuses ("Lease Blob": 15 to 60 seconds). */
function checkDuration(durationMs: number): void {
  if (durationMs % 1_000 === 0 && durationMs >= 15_000 && durationMs <= 60_000) return;
  throw new DStreamError(
    'ConfigInvalid',
    `a blob lease lasts whole seconds from 15 to 60, not ${durationMs} ms: set lease { duration = "30s" }`,
  );
}

/**
 * One try per call: the caller retries, and it checks its deadline first. The client's own retries wait 4 s and more, beyond
 * what is left of a lease.
 */
const retryOptions = { maxTries: 1 };

/** Throws ConfigInvalid, which repeats nothing of a connection string or of the address of a proxy. Connects nothing. */
export function openService(
  address: BlobAddress,
  env: Readonly<Record<string, string | undefined>> = process.env,
): BlobServiceClient {
  try {
    return 'connectionString' in address
      ? BlobServiceClient.fromConnectionString(address.connectionString, { retryOptions })
      : new BlobServiceClient(address.accountUrl, address.credential, { retryOptions });
  } catch {
    // The client's error is not kept as the cause: it may quote what it could not read, and that is a secret.
    throw new DStreamError('ConfigInvalid', proxyProblem(env) ?? addressProblem(address));
  }
}

/** The client reads the proxy's address when it is created, and its error does not name which of the two was wrong. */
function proxyProblem(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const variable = proxyVariable(env);
  if (variable === undefined || URL.canParse(env[variable] ?? '')) return undefined;
  return `the variable ${variable} is not the address of a proxy: write http://HOST:PORT, or unset it`;
}

function addressProblem(address: BlobAddress): string {
  return 'connectionString' in address
    ? 'the connection string of locks cannot be read: it looks like ' +
        'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net'
    : 'the account_url of locks cannot be used: it looks like https://NAME.blob.core.windows.net';
}
