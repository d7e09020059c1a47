/**
 * Changes in files of JSON lines: the destination that needs no service. A line counts as delivered when it is durable on
 * the disk. One process writes to a path at a time; a path that names fill in is given back when it rests, so that the
 * replica that has the table now can write to it.
 */
import { join } from 'node:path';
import {
  asDStreamError,
  type CallOptions,
  type Clock,
  type Hash,
  type Log,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import type { FileSystem } from './file-system.ts';
import { FileWriter } from './file-writer.ts';
import { notWritten, type WrittenGroup } from './not-written.ts';
import { OpenWriters } from './open-writers.ts';
import type { ProcessIdentity } from './path-lock.ts';
import { PathTemplate } from './path-template.ts';
import { Repeating } from './repeating.ts';
import { translateFileError } from './translate-file-error.ts';

export interface FilePublisherOptions {
  /** May hold `{{ server }}`, `{{ database }}`, `{{ schema }}` and `{{ table }}`. */
  readonly path: string;
  /** Size that a file does not exceed, but for a single longer line. */
  readonly maxBytes: number;
  /** Age at which a file is finished and a new one begun. Undefined: no limit. */
  readonly maxAgeMs: number | undefined;
  readonly files: FileSystem;
  readonly identity: () => Promise<ProcessIdentity>;
  readonly clock: Clock;
  readonly log: Log;
  readonly hash: Hash;
  /** Files that are open at a time, at most; 64 when not given. */
  readonly maxOpen?: number;
}

/** How often files are looked after: their locks, their ages, and whether they rest. */
const maintainMs = 1_000;

/** A path that names fill in is given back after this long without a line: the session may be another replica's by then. */
const restMs = 1_000;

export class FilePublisher implements Publisher {
  readonly #options: FilePublisherOptions;
  readonly #template: PathTemplate;
  readonly #writers: OpenWriters;
  readonly #maintaining: Repeating;
  #identity: ProcessIdentity | undefined;
  #saidMaintenance = false;

  constructor(options: FilePublisherOptions) {
    this.#options = options;
    this.#template = new PathTemplate(options.path, options.hash);
    this.#writers = new OpenWriters(options.maxOpen ?? 64, (path, takePlace, rested) => {
      if (this.#identity === undefined) throw new Error('publish was called before connect');
      const makesDirectory = this.#template.varies;
      return new FileWriter({
        ...options,
        identity: this.#identity,
        path,
        makesDirectory,
        takePlace,
        rested,
      });
    });
    const everyMs = Math.min(maintainMs, (options.maxAgeMs ?? Infinity) / 2);
    this.#maintaining = new Repeating(options.clock, everyMs, () => this.#maintain());
  }

  /**
   * Rejects with what a person must mend (no directory, no permission, two outputs with one path), with FileInUse
   * (`retry`) while another process writes to the path, or another `retry`.
   */
  async connect({ signal }: CallOptions): Promise<void> {
    this.#identity ??= await this.#options.identity();
    signal.throwIfAborted();
    if (this.#template.varies) await this.#tryDirectory(this.#template.root, this.#identity);
    else await this.#writers.at(this.#options.path).open();
    this.#maintaining.start();
  }

  /** Resolves when every line is durable. A failure names, per ordering key, what comes at or after the first line that is not. */
  async publish(events: readonly RoutedEvent[], { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    if (events.length === 0) return;
    if (!this.#template.varies) return this.#writers.at(this.#options.path).append(linesOf(events), signal);
    const byPath = Map.groupBy(events, ({ event }) => this.#template.pathFor(event.metadata));
    const groups = await Promise.all([...byPath].map(([path, group]) => this.#append(path, group, signal)));
    signal.throwIfAborted();
    const error = notWritten(events, groups);
    if (error !== undefined) throw error;
  }

  async #append(path: string, events: readonly RoutedEvent[], signal: AbortSignal): Promise<WrittenGroup> {
    try {
      await this.#writers.at(path).append(linesOf(events), signal);
      return { events };
    } catch (error) {
      return { events, error: translateFileError(error, path) };
    }
  }

  /** Whether a file can be made in it. */
  async #tryDirectory(directory: string, { host, pid, token }: ProcessIdentity): Promise<void> {
    const { files } = this.#options;
    const trial = join(directory, `dstream~${host}~${pid}~${token}.trial`);
    try {
      await files.create(trial);
      await files.remove(trial);
    } catch (error) {
      throw translateFileError(error, directory);
    }
  }

  async #maintain(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const writer of this.#writers.all) {
      try {
        const rests = this.#template.varies && !writer.isBusy && nowMs - writer.usedAtMs >= restMs;
        await writer.maintain();
        if (rests && writer.isOpen && !writer.isBusy) await writer.close();
        this.#saidMaintenance = false;
      } catch (error) {
        const { code, message } = asDStreamError(error);
        if (!this.#saidMaintenance)
          this.#options.log.warn('a file could not be looked after', { code, reason: message });
        this.#saidMaintenance = true;
      }
    }
  }

  isBlocked(): boolean {
    return this.#writers.all.some((writer) => writer.isBusy);
  }

  /** Waits for what is being written, closes the files and gives the locks back. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    for (const writer of this.#writers.all) stack.defer(() => writer.close());
    stack.use(this.#maintaining);
  }
}

function linesOf(events: readonly RoutedEvent[]): Uint8Array {
  let text = '';
  for (const { line } of events) text += `${line}\n`;
  return Buffer.from(text);
}
