/**
 * Brings the lines of many sessions to one path. What waits is written and made durable together, so that one sync
 * serves all of it (group commit), in the order it came. Whatever is done to the file is done one after the other:
 * writing, beginning a new file, closing.
 */
import { dirname } from 'node:path';
import type { Clock, Log } from '@dstream/core';
import { DurableFile } from './durable-file.ts';
import type { FileSystem } from './file-system.ts';
import { assertRegular } from './not-regular.ts';
import { PathLock, type ProcessIdentity } from './path-lock.ts';
import { translateFileError } from './translate-file-error.ts';
import { WaitingLines } from './waiting-lines.ts';

export interface FileWriterOptions {
  readonly files: FileSystem;
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly identity: ProcessIdentity;
  /** Whether the file's directory may be made. */
  readonly makesDirectory: boolean;
  /** Size that a file does not exceed, but for a single longer line. */
  readonly maxBytes: number;
  /** Age at which a file is finished. Undefined: no limit. */
  readonly maxAgeMs: number | undefined;
  /** Called before the file is opened; resolves when one more may be open, with what says that it is not any more. */
  readonly takePlace: () => Promise<() => void>;
  /** Called when there is nothing more to do for now. */
  readonly rested: () => void;
}

export class FileWriter {
  readonly #options: FileWriterOptions;
  readonly #file: DurableFile;
  readonly #lock: PathLock;
  readonly #waiting = new WaitingLines();
  #last: Promise<void> = Promise.resolve();
  #busy = 0;
  #usedAtMs = 0;
  #givePlaceBack: (() => void) | undefined;

  constructor(options: FileWriterOptions) {
    this.#options = options;
    this.#file = new DurableFile(options);
    this.#lock = new PathLock(options);
  }

  /** Something is under way. */
  get isBusy(): boolean {
    return this.#busy > 0;
  }

  /** It has a place among the open files. */
  get isOpen(): boolean {
    return this.#givePlaceBack !== undefined;
  }

  /** Monotonic: when lines came last. */
  get usedAtMs(): number {
    return this.#usedAtMs;
  }

  /**
   * Resolves when the lines, each with its end, are durable. Rejects with a translated error when any of them is not;
   * those before it may be. On abort it rejects with `signal.reason`; what was begun may still be written.
   */
  append(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#usedAtMs = this.#options.clock.monotonicMs();
    const durable = this.#waiting.add(lines, signal);
    if (this.#waiting.size === 1) void this.#exclusive(() => this.#writeAll());
    return durable;
  }

  /** Takes the lock and opens the file, so that what is wrong with it is known before the first line. */
  open(): Promise<void> {
    const { files, path } = this.#options;
    return this.#exclusive(async () => {
      assertRegular(path, await files.look(path));
      await this.#open();
    });
  }

  /** Renews the lock, sees to it that the file is still there, and finishes it when it has reached its age. */
  maintain(): Promise<void> {
    return this.#exclusive(async () => {
      await this.#lock.renew();
      if (this.#lock.held) await this.#file.look();
      if (!this.#isAged()) return;
      await this.#open();
      // Whoever had it meanwhile may have finished it.
      if (this.#isAged()) await this.#file.finish(() => this.#lock.prove());
    });
  }

  /** Closes the file and gives the lock back. It opens again by itself with the next line. */
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
      if (this.#busy === 0) this.#options.rested();
    }
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.size > 0) await this.#writeSome();
    } catch (error) {
      // Whoever waits tries again; so would every other of them fail now.
      this.#waiting.reject(translateFileError(error, this.#options.path));
    }
  }

  async #writeSome(): Promise<void> {
    await this.#open();
    if (this.#waiting.size === 0) return;
    if (this.#isAged()) return this.#file.finish(() => this.#lock.prove());
    const lines = this.#waiting.take(
      this.#options.maxBytes - this.#file.sizeBytes,
      this.#file.sizeBytes === 0,
    );
    if (lines === undefined) return this.#file.finish(() => this.#lock.prove());
    await this.#file.append(lines);
    this.#waiting.taken();
  }

  async #open(): Promise<void> {
    const { files, path, makesDirectory } = this.#options;
    if (this.#lock.held) {
      await this.#lock.assertGood();
    } else {
      await this.#file.look();
      await this.#file.abandon();
      this.#givePlaceBack ??= await this.#options.takePlace();
      if (makesDirectory) await files.makeDirectory(dirname(path));
      await this.#lock.take(() => this.#file.takeOver());
    }
    await this.#file.open(() => this.#lock.prove());
  }

  #isAged(): boolean {
    return this.#file.ageMs >= (this.#options.maxAgeMs ?? Infinity);
  }

  async #close(): Promise<void> {
    try {
      if (this.#lock.held) await this.#file.close(() => this.#lock.prove());
      else await this.#file.abandon();
    } finally {
      this.#givePlaceBack?.();
      this.#givePlaceBack = undefined;
      await this.#lock.release();
    }
  }
}
