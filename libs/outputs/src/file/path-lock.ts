/**
 * One process per path: a lock is a file beside it, `orders.jsonl~HOST~PID~TOKEN.lock`, because Node has no lock that ends
 * with its process.
 *
 * - Taking: create a lock file of our own name, then list all of them. If another may belong to a living process, remove
 *   ours and say whose it is. Of two that begin at once at least one sees the other; both may step back.
 * - Holding: the modification time of the file is renewed. A lock that is not renewed for `staleMs`, or whose process has
 *   ended on this machine, is removed by the next that wants the path. No name is used twice, so nobody can remove a newer
 *   lock by mistake.
 * - Taking over: a process that does not renew its lock may be suspended, and go on at any moment with a write. So before
 *   its lock is removed, the file that it may write to is moved out of the way (`takeOver`).
 * - Lost: our lock file is gone, because this process was suspended for `staleMs`.
 */
import { randomUUID } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DStreamError, type Clock } from '@dstream/core';
import { errorCodeOf, unlessMissing, type FileSystem } from './file-system.ts';

/** Who this process is to others that see the same directory. */
export interface ProcessIdentity {
  /** The machine, and the container if there is one, within which `pid` is unique. Without `~` and `/`. */
  readonly host: string;
  readonly pid: number;
  /** Different at every start of a process. */
  readonly token: string;
  /** Whether a process of this host is running. */
  isAlive(pid: number): boolean;
}

/** A lock that is not renewed for this long belongs to nobody. */
const staleMs = 30_000;

/** Time between two renewals, at least. */
const renewMs = 5_000;

interface PathLockOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly path: string;
  readonly identity: ProcessIdentity;
}

interface Sighting {
  readonly modifiedMs: number;
  /** Monotonic. Clocks of two machines may differ; what counts is that the file did not change while we watched. */
  readonly sinceMs: number;
}

/** The lock of one path. Not safe for concurrent calls. */
export class PathLock {
  readonly #options: PathLockOptions;
  readonly #own: string;
  readonly #seen = new Map<string, Sighting>();
  #renewedAtMs: number | undefined;
  #created = false;

  constructor(options: PathLockOptions) {
    this.#options = options;
    const { host, pid, token } = options.identity;
    this.#own = `${options.path}~${host}~${pid}~${token}.lock`;
  }

  get held(): boolean {
    return this.#renewedAtMs !== undefined;
  }

  /**
   * Idempotent. Throws FileInUse (`retry`) while another process has the path, ConfigInvalid if another output of this
   * process has it.
   * @param takeOver called before and after the lock of a process that may still run is removed. Idempotent
   */
  async take(takeOver: () => Promise<void>): Promise<void> {
    if (this.#renewedAtMs !== undefined) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (!this.#created) await this.#create();
    this.#created = true;
    try {
      await this.#removeStaleOthers(takeOver);
      this.#renewedAtMs = nowMs;
    } catch (error) {
      await this.#remove();
      throw error;
    }
  }

  /** Called every few seconds. Throws FileInUse if the lock is lost. */
  async renew(): Promise<void> {
    if (this.#ageMs() >= renewMs) await this.assertHeld();
  }

  /** Renews the lock now. Throws FileInUse if it is lost. */
  async assertHeld(): Promise<void> {
    const { files, clock, path } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#created = (await unlessMissing(() => files.touch(this.#own).then(() => true))) === true;
    this.#renewedAtMs = this.#created ? nowMs : undefined;
    if (!this.#created)
      throw new DStreamError(
        'FileInUse',
        `${path}: its lock is gone: it was removed, or another process took the path over while this one was suspended`,
      );
  }

  /** Called before a write: renews the lock if two thirds of the time after which it is stale have passed. */
  async assertFresh(): Promise<void> {
    if (this.#ageMs() >= (staleMs * 2) / 3) await this.assertHeld();
  }

  /** Milliseconds since the last renewal; 0 if the lock is not held. */
  #ageMs(): number {
    return this.#renewedAtMs === undefined ? 0 : this.#options.clock.monotonicMs() - this.#renewedAtMs;
  }

  /** Idempotent. */
  async release(): Promise<void> {
    this.#renewedAtMs = undefined;
    if (this.#created) await this.#remove();
  }

  async #create(): Promise<void> {
    const { files, path } = this.#options;
    try {
      await files.create(this.#own);
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
      // Not a reason to wait: the other output has it until this process ends.
      throw new DStreamError(
        'ConfigInvalid',
        `${path}: another output of this process writes to it: give each output a path of its own`,
      );
    }
  }

  async #remove(): Promise<void> {
    await unlessMissing(() => this.#options.files.remove(this.#own));
    this.#created = false;
  }

  async #removeStaleOthers(takeOver: () => Promise<void>): Promise<void> {
    const { files, path } = this.#options;
    const directory = dirname(path);
    for (const name of await files.list(directory)) {
      const owner = lockOwnerIn(name, basename(path));
      const other = join(directory, name);
      if (owner === undefined || other === join(directory, basename(this.#own))) continue;
      if (this.#hasEnded(owner)) await unlessMissing(() => files.remove(other));
      else if (await this.#isStale(other)) await this.#removeStale(other, takeOver);
      else throw inUse(path, owner);
      this.#seen.delete(other);
    }
  }

  /**
   * Takes over twice: before the lock is removed, so that a crash in between leaves the task to the next process, and
   * after it, because until then its owner could still have opened the path anew.
   */
  async #removeStale(other: string, takeOver: () => Promise<void>): Promise<void> {
    await takeOver();
    await unlessMissing(() => this.#options.files.remove(other));
    await takeOver();
  }

  /** A container that restarts often gets the process id it had before: then the lock is our own of an earlier start. */
  #hasEnded({ host, pid }: LockOwner): boolean {
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

/** Who has a lock. */
export interface LockOwner {
  readonly host: string;
  readonly pid: number;
}

/**
 * Undefined for a name that is no lock of the path.
 * @param base the last part of the path
 */
export function lockOwnerIn(name: string, base: string): LockOwner | undefined {
  if (!name.startsWith(`${base}~`) || !name.endsWith('.lock')) return undefined;
  const [host, pid, token, more] = name.slice(base.length + 1, -'.lock'.length).split('~');
  if (host === undefined || token === undefined || more !== undefined) return undefined;
  return { host, pid: Number(pid) };
}

function inUse(path: string, { host, pid }: LockOwner): DStreamError {
  const advice =
    'give each replica its own file: put {{ env "HOSTNAME" }} (set in containers; elsewhere export it) into the path';
  return new DStreamError('FileInUse', `${path}: process ${pid} on ${host} writes to it: ${advice}`);
}

/** One for the process, so that two of its outputs with one path meet at the name of their lock. */
const token = randomUUID().slice(0, 8);

/** The identity of this process on this machine. */
export async function thisProcess(): Promise<ProcessIdentity> {
  const host = `${hostname()}${await processNamespace()}`.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 80);
  return { host, pid: process.pid, token, isAlive };
}

/** Containers may share a host name and a volume, but not their process ids: pid_namespaces(7). Empty where there are none. */
async function processNamespace(): Promise<string> {
  if (process.platform !== 'linux') return '';
  try {
    return `-${/\d+/.exec(await readlink('/proc/self/ns/pid'))?.[0] ?? ''}`;
  } catch (error) {
    if (errorCodeOf(error) !== undefined) return '';
    throw error;
  }
}

/** Signal 0 reaches nobody: kill(2). EPERM means that there is a process, of another user. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCodeOf(error) !== 'ESRCH';
  }
}
