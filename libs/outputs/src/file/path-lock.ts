/**
 * Says that a process writes to a path, by a file beside it: `orders.jsonl~HOST~PID~TOKEN.lock`. Node has no lock that
 * ends with its process, so:
 *
 * Taking: make a file of a name of our own, then look at all of them. When another's is there that may be alive, take
 * ours away again and say who it is. Of two that begin at once at least one sees the other; perhaps both step back.
 * Holding: the file's time of modification is renewed. One that does not move for `staleMs`, or whose process is gone
 * from this machine, is removed by whoever meets it; since no name is used twice nobody removes a new one.
 * Taking over: a process that does not renew may only stand still, and go on at any moment with what it was about to
 * do. So whoever removes its lock first takes what it may write to out of the way (`takeOver`).
 * Lost: our file is gone. That happens to a process that stood still for `staleMs`.
 */
import { basename, dirname, join } from 'node:path';
import { DStreamError, type Clock } from '@dstream/core';
import type { FileSystem } from './file-system.ts';
import { errorCodeOf, unlessMissing } from './translate-file-error.ts';

/** Who this process is to others that look at the same directory. */
export interface ProcessIdentity {
  /** The machine, and where there is one the container, in which `pid` means something. Without `~` and `/`. */
  readonly host: string;
  readonly pid: number;
  /** Different for every start of a process. */
  readonly token: string;
  /** Whether a process of this machine lives. */
  isAlive(pid: number): boolean;
}

/** A lock whose file is not renewed for this long belongs to nobody. */
export const staleMs = 30_000;

/** How often it is renewed, at most. */
const renewMs = 5_000;

export interface PathLockOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly path: string;
  readonly identity: ProcessIdentity;
}

interface Sighting {
  readonly modifiedMs: number;
  /** Monotonic. Two machines need not agree on the time: what counts is that the file did not move while we looked. */
  readonly sinceMs: number;
}

export class PathLock {
  readonly #options: PathLockOptions;
  readonly #own: string;
  readonly #seen = new Map<string, Sighting>();
  #renewedAtMs: number | undefined;
  #made = false;

  constructor(options: PathLockOptions) {
    this.#options = options;
    const { host, pid, token } = options.identity;
    this.#own = `${options.path}~${host}~${pid}~${token}.lock`;
  }

  get held(): boolean {
    return this.#renewedAtMs !== undefined;
  }

  /**
   * Idempotent. Throws FileInUse (`retry`) while another process writes to the path, ConfigInvalid when this one does.
   * @param takeOver called before and after the lock of a process is removed that may still live. Idempotent
   */
  async take(takeOver: () => Promise<void>): Promise<void> {
    if (this.#renewedAtMs !== undefined) return;
    const { files, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (!this.#made) await this.#make(files);
    this.#made = true;
    try {
      await this.#removeStaleOthers(takeOver);
      this.#renewedAtMs = nowMs;
    } catch (error) {
      await this.#unmake();
      throw error;
    }
  }

  /** To be called every few seconds. Throws FileInUse when the lock is lost. */
  async renew(): Promise<void> {
    if (this.#ageMs() >= renewMs) await this.prove();
  }

  /** Asks the file system, whenever it was asked last. Throws FileInUse when the lock is lost. */
  async prove(): Promise<void> {
    const { files, clock, path } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#made = (await unlessMissing(() => files.touch(this.#own).then(() => true))) === true;
    this.#renewedAtMs = this.#made ? nowMs : undefined;
    if (!this.#made)
      throw new DStreamError(
        'FileInUse',
        `${path}: its lock is gone: another process took the path over while this one stood still, or it was removed`,
      );
  }

  /** Before a write: proves the lock anew when it was not renewed for two thirds of the time after which it is stale. */
  async assertGood(): Promise<void> {
    if (this.#ageMs() >= (staleMs * 2) / 3) await this.prove();
  }

  /** Since it was proven, in milliseconds; 0 for one that is not held. */
  #ageMs(): number {
    return this.#renewedAtMs === undefined ? 0 : this.#options.clock.monotonicMs() - this.#renewedAtMs;
  }

  /** Idempotent. */
  async release(): Promise<void> {
    this.#renewedAtMs = undefined;
    if (this.#made) await this.#unmake();
  }

  async #make(files: FileSystem): Promise<void> {
    try {
      await files.create(this.#own);
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
      // Waiting would be for ever: it is given back when this process ends.
      throw new DStreamError(
        'ConfigInvalid',
        `${this.#options.path}: another output of this process writes to it: give each output a path of its own`,
      );
    }
  }

  async #unmake(): Promise<void> {
    await unlessMissing(() => this.#options.files.remove(this.#own));
    this.#made = false;
  }

  async #removeStaleOthers(takeOver: () => Promise<void>): Promise<void> {
    const { files, path } = this.#options;
    const directory = dirname(path);
    for (const name of await files.list(directory)) {
      const owner = ownerIn(name, basename(path));
      const other = join(directory, name);
      if (owner === undefined || other === join(directory, basename(this.#own))) continue;
      if (this.#hasEnded(owner)) await unlessMissing(() => files.remove(other));
      else if (await this.#isStale(other)) await this.#removeOfLiving(other, takeOver);
      else throw inUse(path, owner);
      this.#seen.delete(other);
    }
  }

  /** Twice: before, so that a crash in between leaves it to the next; after, since until then its owner could open anew. */
  async #removeOfLiving(other: string, takeOver: () => Promise<void>): Promise<void> {
    await takeOver();
    await unlessMissing(() => this.#options.files.remove(other));
    await takeOver();
  }

  /** A container that starts again often has the process id that it had before: then the owner is our former self. */
  #hasEnded({ host, pid }: Owner): boolean {
    const { identity } = this.#options;
    return host === identity.host && (pid === identity.pid || !identity.isAlive(pid));
  }

  async #isStale(other: string): Promise<boolean> {
    const { files, clock } = this.#options;
    const modifiedMs = await unlessMissing(() => files.modifiedMs(other));
    if (modifiedMs === undefined) return true;
    const seen = this.#seen.get(other);
    const nowMs = clock.monotonicMs();
    if (seen?.modifiedMs === modifiedMs) return nowMs - seen.sinceMs >= staleMs;
    this.#seen.set(other, { modifiedMs, sinceMs: nowMs });
    return false;
  }
}

interface Owner {
  readonly host: string;
  readonly pid: number;
}

function ownerIn(name: string, base: string): Owner | undefined {
  if (!name.startsWith(`${base}~`) || !name.endsWith('.lock')) return undefined;
  const [host, pid, token, more] = name.slice(base.length + 1, -'.lock'.length).split('~');
  if (host === undefined || token === undefined || more !== undefined) return undefined;
  return { host, pid: Number(pid) };
}

function inUse(path: string, { host, pid }: Owner): DStreamError {
  const advice =
    'give each replica a file of its own, for example with {{ env "DSTREAM_INSTANCE" }} in the path';
  return new DStreamError('FileInUse', `${path}: process ${pid} on ${host} writes to it: ${advice}`);
}
