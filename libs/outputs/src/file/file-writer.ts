/**
 * Writes the lines of many sessions to one path. All lines that wait are written and synced together, in the order they
 * came (group commit), so one sync serves many sessions. Operations on the file run one after the other: writing,
 * rotating, closing.
 */
import { dirname } from 'node:path';
import type { Clock, Log } from '@dstream/core';
import { DurableFile, maxWriteBytes } from './durable-file.ts';
import { assertRegular, translateFileError, type FileSystem } from './file-system.ts';
import { PathLock, type ProcessIdentity } from './path-lock.ts';

interface FileWriterOptions {
  readonly files: FileSystem;
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly identity: ProcessIdentity;
  /** Whether the directory of the file may be created. */
  readonly makesDirectory: boolean;
  /** Size that a file does not exceed, except by a single longer line. */
  readonly maxBytes: number;
  /** Age at which a file is finished, milliseconds. Undefined: no limit. */
  readonly maxAgeMs: number | undefined;
  /** Called before the file is opened: waits until one more may be open. The function it returns is called after closing. */
  readonly reserve: () => Promise<() => void>;
  /** Called when nothing is under way any more. */
  readonly idle: () => void;
}

/** The writer of one path. Safe for concurrent calls. Opens its file when needed, also after `close`. */
export class FileWriter {
  readonly #options: FileWriterOptions;
  readonly #file: DurableFile;
  readonly #lock: PathLock;
  readonly #waiting = new LineQueue();
  #last: Promise<void> = Promise.resolve();
  #busy = 0;
  #usedAtMs = 0;
  #endReservation: (() => void) | undefined;

  constructor(options: FileWriterOptions) {
    this.#options = options;
    this.#file = new DurableFile(options);
    this.#lock = new PathLock(options);
  }

  /** Something is under way. */
  get isBusy(): boolean {
    return this.#busy > 0;
  }

  /** It counts among the open files. */
  get isOpen(): boolean {
    return this.#endReservation !== undefined;
  }

  /** Another writer of the path could take its place: it holds nothing, and has no file to finish at its age. */
  get isForgettable(): boolean {
    return !this.isBusy && !this.isOpen && (this.#options.maxAgeMs === undefined || this.#file.ageMs === 0);
  }

  /** Monotonic: when it was last given lines. */
  get usedAtMs(): number {
    return this.#usedAtMs;
  }

  /**
   * Takes whole lines. Resolves when they are durable; rejects with a translated error if any of them is not (those before
   * it may be). On abort it rejects with `signal.reason`; what was begun may still be written.
   */
  append(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#usedAtMs = this.#options.clock.monotonicMs();
    const durable = this.#waiting.add(lines, signal);
    if (this.#waiting.size === 1) void this.#exclusive(() => this.#writeAll());
    return durable;
  }

  /** Takes the lock and opens the file, so that a wrong path is known before the first line. */
  open(): Promise<void> {
    const { files, path } = this.#options;
    return this.#exclusive(async () => {
      assertRegular(path, await files.stat(path));
      await this.#open();
    });
  }

  /** Renews the lock, checks that the file is still there, and finishes it when it has reached its age. */
  maintain(): Promise<void> {
    return this.#exclusive(async () => {
      await this.#lock.renew();
      if (this.#lock.held) await this.#file.check();
      if (!this.#isAged()) return;
      await this.#open();
      // Another process that had the path meanwhile may have finished it.
      if (this.#isAged()) await this.#finish();
    });
  }

  /** Closes the file and releases the lock. */
  close(): Promise<void> {
    return this.#exclusive(() => this.#close());
  }

  async #exclusive(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    try {
      await done;
    } catch (error) {
      throw translateFileError(error, this.#options.path);
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#options.idle();
    }
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.size > 0) await this.#writeSome();
    } catch (error) {
      // Whatever waits would fail for the same reason now; its callers retry.
      this.#waiting.reject(translateFileError(error, this.#options.path));
    }
  }

  async #writeSome(): Promise<void> {
    await this.#open();
    if (this.#waiting.size === 0) return;
    if (this.#isAged()) return this.#finish();
    const { sizeBytes } = this.#file;
    const lines = this.#waiting.take(this.#options.maxBytes - sizeBytes, sizeBytes === 0);
    if (lines.length === 0) return this.#finish();
    await this.#file.append(lines);
    this.#waiting.settleTaken();
  }

  async #open(): Promise<void> {
    const { files, path, makesDirectory } = this.#options;
    if (this.#lock.held) {
      await this.#lock.assertFresh();
    } else {
      await this.#file.check();
      await this.#file.abandon();
      this.#endReservation ??= await this.#options.reserve();
      if (makesDirectory) await files.makeDirectory(dirname(path));
      await this.#lock.take(() => this.#file.takeOver());
    }
    await this.#file.open(() => this.#lock.assertHeld());
  }

  #finish(): Promise<void> {
    return this.#file.finish(() => this.#lock.assertHeld());
  }

  #isAged(): boolean {
    return this.#file.ageMs >= (this.#options.maxAgeMs ?? Infinity);
  }

  async #close(): Promise<void> {
    try {
      if (this.#lock.held) await this.#file.close(() => this.#lock.assertHeld());
      else await this.#file.abandon();
    } finally {
      this.#endReservation?.();
      this.#endReservation = undefined;
      await this.#lock.release();
    }
  }
}

/** Lines of one caller. */
interface Batch {
  readonly lines: Uint8Array;
  /** How many bytes of it were taken to be written. */
  taken: number;
  readonly settle: (error?: unknown) => void;
}

const lineEnd = 10;

/** Lines that wait to be written to one file, in the order they came, each batch with the caller that waits for it. */
class LineQueue {
  #batches: Batch[] = [];

  /** Number of batches that are not durable yet. */
  get size(): number {
    return this.#batches.length;
  }

  /** Resolves when the lines are durable. On abort it rejects; a batch of which nothing was taken is removed. */
  add(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const aborted = () => {
        if (batch.taken === 0) this.#batches = this.#batches.filter((other) => other !== batch);
        reject(signal.reason);
      };
      const settle = (error?: unknown) => {
        signal.removeEventListener('abort', aborted);
        if (error === undefined) resolve();
        else reject(error);
      };
      const batch: Batch = { lines, taken: 0, settle };
      this.#batches.push(batch);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  /**
   * The next whole lines, no more than `roomBytes` and than one write holds. Empty if there is no room for a line.
   * @param atLeastOne take the first line even if it is longer
   */
  take(roomBytes: number, atLeastOne: boolean): readonly Uint8Array[] {
    const parts: Uint8Array[] = [];
    let room = Math.min(roomBytes, maxWriteBytes);
    for (const batch of this.#batches) {
      const rest = batch.taken === 0 ? batch.lines : batch.lines.subarray(batch.taken);
      const part = wholeLines(rest, room, atLeastOne && parts.length === 0);
      if (part.length > 0) parts.push(part);
      batch.taken += part.length;
      room -= part.length;
      if (batch.taken < batch.lines.length) break;
    }
    return parts;
  }

  /** Everything taken is durable: resolves the batches that were taken whole. */
  settleTaken(): void {
    const isDone = ({ taken, lines }: Batch) => taken === lines.length;
    const done = this.#batches.filter(isDone);
    this.#batches = this.#batches.filter((batch) => !isDone(batch));
    for (const { settle } of done) settle();
  }

  /** Rejects all batches. */
  reject(error: unknown): void {
    const all = this.#batches;
    this.#batches = [];
    for (const { settle } of all) settle(error);
  }
}

/** The start of `lines` that fits, up to the end of a line; empty if not even the first line fits. */
function wholeLines(lines: Uint8Array, room: number, atLeastOne: boolean): Uint8Array {
  if (lines.length <= room) return lines;
  const end = room > 0 ? lines.lastIndexOf(lineEnd, room - 1) : -1;
  if (end >= 0) return lines.subarray(0, end + 1);
  return atLeastOne ? lines.subarray(0, lines.indexOf(lineEnd) + 1) : new Uint8Array();
}
