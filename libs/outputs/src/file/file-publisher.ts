/**
 * Changes in files of JSON lines: the output that needs no service. A change counts as delivered when its line is durable
 * on the disk. One process writes to a path at a time. A path with filled-in names is released when it is idle, so that
 * the replica that has the table next can write to it.
 */
import { join } from 'node:path';
import { pause } from '@dstream/async';
import {
  asDStreamError,
  BatchError,
  type BatchFailure,
  type CallOptions,
  type Clock,
  type DStreamError,
  type Hash,
  type Log,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import { jsonLines } from '../lines/json-lines.ts';
import { PathTemplate } from './file-path.ts';
import { translateFileError, type FileSystem } from './file-system.ts';
import { FileWriter } from './file-writer.ts';
import type { ProcessIdentity } from './path-lock.ts';

/** The settings of the output, and the disk and process to use. */
export interface FilePublisherOptions {
  /** May hold `{{ server }}`, `{{ database }}`, `{{ schema }}` and `{{ table }}`. */
  readonly path: string;
  /** Size that a file does not exceed, except by a single longer line. */
  readonly maxBytes: number;
  /** Age at which a file is finished and a new one started, milliseconds. Undefined: no limit. */
  readonly maxAgeMs: number | undefined;
  readonly files: FileSystem;
  readonly identity: () => Promise<ProcessIdentity>;
  readonly clock: Clock;
  readonly log: Log;
  readonly hash: Hash;
  /** Files open at a time, at most; 64 if not given. */
  readonly maxOpen?: number;
}

/** Time between two checks of all files: their locks, their ages, and whether they are idle. */
const maintainMs = 1_000;

/** A path with filled-in names is released after this long without a line: another replica may have the session by then. */
const idleMs = 1_000;

/** The publisher of one output of type `file`. */
export class FilePublisher implements Publisher {
  readonly #options: FilePublisherOptions;
  readonly #template: PathTemplate;
  readonly #writers: WriterPool;
  readonly #disposed = new AbortController();
  #maintaining: Promise<void> | undefined;
  #identity: ProcessIdentity | undefined;
  #maintenanceFails = false;

  constructor(options: FilePublisherOptions) {
    this.#options = options;
    this.#template = new PathTemplate(options.path, options.hash);
    this.#writers = new WriterPool(options.maxOpen ?? 64, (path, reserve, idle) => {
      if (this.#identity === undefined) throw new Error('publish was called before connect');
      const makesDirectory = this.#template.varies;
      return new FileWriter({ ...options, identity: this.#identity, path, makesDirectory, reserve, idle });
    });
  }

  /**
   * Rejects with what a person must fix (no directory, no permission, two outputs with one path), with FileInUse
   * (`retry`) while another process writes to the path, or another `retry`.
   */
  async connect({ signal }: CallOptions): Promise<void> {
    this.#identity ??= await this.#options.identity();
    signal.throwIfAborted();
    if (this.#template.varies) await this.#tryDirectory(this.#template.root, this.#identity);
    else await this.#writers.at(this.#options.path).open();
    this.#maintaining ??= this.#maintainUntilDisposed(this.#disposed.signal);
  }

  /** Resolves when every line is durable. The BatchError names, per ordering key, the first change that is not. */
  async publish(events: readonly RoutedEvent[], { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    if (events.length === 0) return;
    if (!this.#template.varies) return this.#writers.at(this.#options.path).append(jsonLines(events), signal);
    const byPath = Map.groupBy(events, ({ event }) => this.#template.pathFor(event.metadata));
    const groups = await Promise.all([...byPath].map(([path, group]) => this.#append(path, group, signal)));
    signal.throwIfAborted();
    const error = batchErrorOf(events, groups);
    if (error !== undefined) throw error;
  }

  async #append(path: string, events: readonly RoutedEvent[], signal: AbortSignal): Promise<FileGroup> {
    try {
      await this.#writers.at(path).append(jsonLines(events), signal);
      return { events };
    } catch (error) {
      return { events, error: translateFileError(error, path) };
    }
  }

  /** Checks that files can be created in the directory. */
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

  async #maintainUntilDisposed(disposed: AbortSignal): Promise<void> {
    const { clock, maxAgeMs = Infinity } = this.#options;
    const everyMs = Math.min(maintainMs, maxAgeMs / 2);
    for (;;) {
      await pause(clock, everyMs, disposed);
      if (disposed.aborted) return;
      for (const writer of this.#writers.all) await this.#maintain(writer);
    }
  }

  async #maintain(writer: FileWriter): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    try {
      const isIdle = this.#template.varies && !writer.isBusy && nowMs - writer.usedAtMs >= idleMs;
      await writer.maintain();
      if (isIdle && writer.isOpen && !writer.isBusy) await writer.close();
      this.#maintenanceFails = false;
    } catch (error) {
      const { code, message } = asDStreamError(error);
      if (!this.#maintenanceFails)
        this.#options.log.warn('file maintenance failed; retrying', { code, reason: message });
      this.#maintenanceFails = true;
    }
  }

  isBlocked(): boolean {
    return this.#writers.all.some((writer) => writer.isBusy);
  }

  /** Waits for what is being written, closes the files and releases the locks. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    for (const writer of this.#writers.all) stack.defer(() => writer.close());
    this.#disposed.abort();
    await this.#maintaining;
  }
}

/** The events of one call that go to one file, and why they are not all durable. */
interface FileGroup {
  readonly events: readonly RoutedEvent[];
  readonly error?: DStreamError;
}

/** Undefined if all groups were written. A key whose events go to several files fails from the first failed event on. */
function batchErrorOf(events: readonly RoutedEvent[], groups: readonly FileGroup[]): BatchError | undefined {
  const errors = new Map<RoutedEvent, DStreamError>();
  for (const { events: failed, error } of groups) {
    if (error !== undefined) for (const event of failed) errors.set(event, error);
  }
  const failures = new Map<string, BatchFailure>();
  for (const [from, event] of events.entries()) {
    const [key, error] = [event.orderingKey, errors.get(event)];
    if (error !== undefined && !failures.has(key)) failures.set(key, { key, from, error });
  }
  const [first, ...more] = failures.values();
  return first === undefined ? undefined : new BatchError([first, ...more]);
}

type MakeWriter = (path: string, reserve: () => Promise<() => void>, idle: () => void) => FileWriter;

/** One writer per path, of which a bounded number has its file open. */
class WriterPool {
  readonly #maxOpen: number;
  readonly #make: MakeWriter;
  readonly #writers = new Map<string, FileWriter>();
  #open = 0;
  #becameIdle = Promise.withResolvers<void>();

  constructor(maxOpen: number, make: MakeWriter) {
    this.#maxOpen = maxOpen;
    this.#make = make;
  }

  at(path: string): FileWriter {
    const known = this.#writers.get(path);
    if (known !== undefined) return known;
    const idle = () => {
      this.#becameIdle.resolve();
      this.#becameIdle = Promise.withResolvers();
    };
    const writer = this.#make(path, () => this.#reserve(), idle);
    this.#writers.set(path, writer);
    return writer;
  }

  get all(): readonly FileWriter[] {
    return [...this.#writers.values()];
  }

  /** Closes the file that has been idle longest; waits for an idle one if all are busy. */
  async #reserve(): Promise<() => void> {
    while (this.#open >= this.#maxOpen) {
      const idle = this.all.filter((writer) => writer.isOpen && !writer.isBusy);
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
