/** The checks of the container of leases. */
import type { BlockBlobClient } from '@azure/storage-blob';
import type { CallOptions, CheckResult, Checks, DStreamError } from '@dstream/core';
import { checkReach, checkSignIn } from '@dstream/runtime/reach';
import {
  containerMissing,
  judgeRefusal,
  judgeSignature,
  keepsVersions,
  leftBehind,
  type BlobAccess,
} from './blob-access.ts';
import { required, Storage, type BlobLeasesOptions } from './storage.ts';
import { isLeaseGone, translated, translateError } from './translate-error.ts';

/** As the client asks for it. */
const scope = 'https://storage.azure.com/.default';

/**
 * Address, sign-in, container, clock, and the right to write, lease, renew, release and delete: with a blob
 * `dstream-check-…` of its own, which is removed, also after an abort.
 */
export async function* checkLeases(options: BlobLeasesOptions, o: CallOptions): Checks {
  const storage = new Storage(options);
  const url = new URL(storage.container.url);
  const tls = url.protocol === 'https:';
  const target = {
    host: url.hostname,
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    tls,
    usesProxy: true,
    hint: 'a storage account with a firewall must let this address in, or have a private endpoint',
  };
  if (!(yield* checkReach(target, o))) return;
  const login = yield* checkLogin(options, o);
  if (login === undefined) return;
  const { accountName: account, containerName: container } = storage.container;
  const access = { account, container, login };
  if (yield* checkContainer(storage, access, o)) yield* checkRights(storage, access, o);
}

/** Undefined when it cannot sign in. */
async function* checkLogin(
  options: BlobLeasesOptions,
  o: CallOptions,
): AsyncGenerator<CheckResult, BlobAccess['login'] | undefined> {
  if (!('connectionString' in options)) {
    const principal = yield* checkSignIn(options.credential, scope, o);
    return principal === undefined ? undefined : { kind: 'identity', principal };
  }
  const [, signature] = /(?:^|;)\s*SharedAccessSignature=([^;]*)/i.exec(options.connectionString) ?? [];
  if (signature === undefined || /(?:^|;)\s*AccountKey=/i.test(options.connectionString))
    return { kind: 'key' };
  const judged = judgeSignature(signature, options.clock.wallMs());
  if (judged !== undefined) yield judged;
  return judged?.outcome === 'failed' ? undefined : { kind: 'signature' };
}

/** Lists one blob, as an ingester does at its start. Returns whether the container is there. */
async function* checkContainer(
  storage: Storage,
  access: BlobAccess,
  { signal }: CallOptions,
): AsyncGenerator<CheckResult, boolean> {
  const { clock, leaseDurationMs } = storage.options;
  const { container: subject } = access;
  const beforeMs = clock.wallMs();
  const listed = await attempt(`listing container ${subject}`, signal, () => dateOfListing(storage, signal));
  if ('error' in listed) {
    const { error } = listed;
    yield error.code === 'EntityNotFound'
      ? containerMissing(access)
      : judgeRefusal(access, error, 'list blobs');
    return false;
  }
  const message = `container ${subject} exists in storage account ${access.account}`;
  yield { outcome: 'passed', check: 'blobs.container', subject, message };
  yield judgeClock(differenceMs(listed.value.getTime(), beforeMs, clock.wallMs()), leaseDurationMs);
  return true;
}

async function dateOfListing(storage: Storage, signal: AbortSignal): Promise<Date> {
  const page = await storage.call(signal, (abortSignal) =>
    storage.container.listBlobsFlat({ abortSignal }).byPage({ maxPageSize: 1 }).next(),
  );
  const { date } = page.value as { readonly date?: Date };
  return required(date, 'Date');
}

/** The header Date has whole seconds. */
const resolutionMs = 1_000;

/**
 * Pure. By how much the clock of the service is ahead of ours at least, in milliseconds: negative when it is behind.
 * @param theirsMs of the answer @param beforeMs @param afterMs the request, by our clock
 */
export function differenceMs(theirsMs: number, beforeMs: number, afterMs: number): number {
  if (theirsMs > afterMs) return theirsMs - afterMs;
  return Math.min(0, theirsMs + resolutionMs - beforeMs);
}

/**
 * Pure. Leases end by the clock of the service and are relied on by how much time has passed here, so a difference breaks
 * none; ages in `dstream status` are wrong by it, and from 15 minutes on the service refuses keys.
 */
export function judgeClock(aheadMs: number, leaseDurationMs: number): CheckResult {
  const check = 'blobs.clock';
  const apart = `${Math.round(Math.abs(aheadMs) / 1_000)} s`;
  if (Math.abs(aheadMs) <= leaseDurationMs / 5) {
    const message = `the clocks of the storage account and of this machine agree within ${leaseDurationMs / 5_000} s`;
    return { outcome: 'passed', check, message };
  }
  const message = `the clock of this machine is ${apart} ${aheadMs > 0 ? 'behind' : 'ahead of'} that of the storage account`;
  return {
    outcome: 'warned',
    check,
    message,
    remedy: { kind: 'advice', text: 'synchronise the clock of this machine (NTP)' },
  };
}

/** Shorter ones do not exist ("Lease Blob"). */
const shortestLeaseS = 15;

async function* checkRights(storage: Storage, access: BlobAccess, { signal }: CallOptions): Checks {
  const own = new OwnBlob(storage, signal);
  let failed: CheckResult | undefined;
  let left: DStreamError | undefined;
  try {
    for (const [tried, step] of own.steps) {
      const done = await attempt(`${tried} (blob ${own.name})`, signal, step);
      if (!('error' in done)) continue;
      failed = judgeRefusal(access, done.error, tried);
      break;
    }
  } finally {
    left = await own.remove();
  }
  const { container: subject } = access;
  const message = `this login may write, lease and delete blobs in container ${subject}`;
  yield failed ?? { outcome: 'passed', check: 'blobs.lease', subject, message };
  if (left !== undefined) yield leftBehind(access, own.name, left);
  if (own.isVersioned) yield keepsVersions(access);
}

/** A blob that nobody else knows, with what an ingester does to those of its tables. */
class OwnBlob {
  readonly name: string;
  readonly #storage: Storage;
  readonly #blob: BlockBlobClient;
  readonly #leaseId: string;
  readonly #signal: AbortSignal;
  #written = false;
  /** The account keeps every version of a blob: the answer to a write has its id ("Blob versioning"). */
  isVersioned = false;

  constructor(storage: Storage, signal: AbortSignal) {
    const { newId } = storage.options;
    this.name = `dstream-check-${newId()}`;
    this.#storage = storage;
    this.#blob = storage.container.getBlockBlobClient(this.name);
    this.#leaseId = newId();
    this.#signal = signal;
  }

  /** In this order, and how each reads after "may not". */
  get steps(): readonly (readonly [tried: string, step: () => Promise<unknown>])[] {
    const lease = this.#blob.getBlobLeaseClient(this.#leaseId);
    const conditions = { leaseId: this.#leaseId };
    const call = (run: (abortSignal: AbortSignal) => Promise<unknown>) => () =>
      this.#storage.call(this.#signal, run);
    return [
      ['write blobs', () => this.#write()],
      ['lease blobs', call((abortSignal) => lease.acquireLease(shortestLeaseS, { abortSignal }))],
      ['renew leases', call((abortSignal) => lease.renewLease({ abortSignal }))],
      ['write leased blobs', call((abortSignal) => this.#blob.setMetadata({}, { conditions, abortSignal }))],
      ['release leases', call((abortSignal) => lease.releaseLease({ abortSignal }))],
    ];
  }

  async #write(): Promise<void> {
    this.#written = true;
    const reply = await this.#storage.call(this.#signal, (abortSignal) =>
      this.#blob.upload('', 0, { conditions: { ifNoneMatch: '*' }, abortSignal }),
    );
    this.isVersioned = reply.versionId !== undefined;
  }

  /** Even after an abort. The error, if it is left behind. */
  async remove(): Promise<DStreamError | undefined> {
    if (!this.#written) return undefined;
    const { signal } = new AbortController();
    try {
      await this.#delete(signal, undefined).catch(async (error: unknown) => {
        if (!isLeaseGone(error)) throw error;
        await this.#delete(signal, this.#leaseId);
      });
      return undefined;
    } catch (error) {
      return translateError(error, `removing blob ${this.name}`);
    }
  }

  async #delete(signal: AbortSignal, leaseId: string | undefined): Promise<void> {
    const conditions = leaseId === undefined ? {} : { leaseId };
    await this.#storage.call(signal, (abortSignal) => this.#blob.deleteIfExists({ conditions, abortSignal }));
  }
}

/** What it resolves with, or the error. Rejects with `signal.reason` on abort. */
async function attempt<T>(
  what: string,
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: DStreamError }> {
  try {
    return { value: await translated(what, signal, run) };
  } catch (error) {
    signal.throwIfAborted();
    return { error: error as DStreamError };
  }
}
