/**
 * The writers of one output, one per path. A bounded number has its file open, and one that was idle is released: names that
 * hold data have no end.
 */
import { asDStreamError, type Clock, type Log } from '@dstream/core';
import type { FileWriter } from './file-writer.ts';

interface WriterPoolOptions {
  /** Files open at a time, at most. */
  readonly maxOpen: number;
  /** Whether the path belongs to this process until it ends. */
  readonly isKept: (path: string) => boolean;
  /** See `FileWriterOptions`. */
  readonly open: (path: string, reserve: () => Promise<() => void>, idle: () => void) => FileWriter;
  readonly clock: Clock;
  readonly log: Log;
}

/** A path that is not kept is released after this long without a line: another replica may have the session by then. */
const idleMs = 1_000;

/** Writers by path, made at the first use of the path. */
export class WriterPool implements AsyncDisposable {
  readonly #options: WriterPoolOptions;
  readonly #writers = new Map<string, FileWriter>();
  #open = 0;
  #becameIdle = Promise.withResolvers<void>();
  #maintenanceFails = false;

  constructor(options: WriterPoolOptions) {
    this.#options = options;
  }

  /** To be used at once: an idle writer is forgotten later. */
  at(path: string): FileWriter {
    const known = this.#writers.get(path);
    if (known !== undefined) return known;
    const idle = () => {
      this.#becameIdle.resolve();
      this.#becameIdle = Promise.withResolvers();
    };
    const writer = this.#options.open(path, () => this.#reserve(), idle);
    this.#writers.set(path, writer);
    return writer;
  }

  /** Paths that are remembered. */
  get size(): number {
    return this.#writers.size;
  }

  /** Something is under way. */
  get isBusy(): boolean {
    return [...this.#writers.values()].some((writer) => writer.isBusy);
  }

  /** To be called now and then: locks are renewed, files finished at their age, idle paths released. Never rejects. */
  async maintain(): Promise<void> {
    // Those of now: with names that hold data others are added all the time.
    for (const [path, writer] of Array.from(this.#writers)) await this.#maintain(path, writer);
  }

  /** Waits for what is being written, closes the files and releases the locks. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    for (const writer of this.#writers.values()) stack.defer(() => writer.close());
  }

  async #maintain(path: string, writer: FileWriter): Promise<void> {
    const { clock, log, isKept } = this.#options;
    try {
      const isIdle = !isKept(path) && !writer.isBusy && clock.monotonicMs() - writer.usedAtMs >= idleMs;
      await writer.maintain();
      if (isIdle && writer.isOpen && !writer.isBusy) await writer.close();
      if (isIdle && writer.isForgettable) this.#writers.delete(path);
      this.#maintenanceFails = false;
    } catch (error) {
      const { code, message } = asDStreamError(error);
      if (!this.#maintenanceFails) log.warn('file maintenance failed; retrying', { code, reason: message });
      this.#maintenanceFails = true;
    }
  }

  /** Closes the file that has been idle longest; waits for an idle one if all are busy. */
  async #reserve(): Promise<() => void> {
    while (this.#open >= this.#options.maxOpen) {
      const idle = [...this.#writers.values()].filter((writer) => writer.isOpen && !writer.isBusy);
      const [longest] = idle.sort((a, b) => a.usedAtMs - b.usedAtMs);
      if (longest === undefined) await this.#becameIdle.promise;
      else await longest.close();
    }
    this.#open += 1;
    return () => {
      this.#open -= 1;
    };
  }
}
