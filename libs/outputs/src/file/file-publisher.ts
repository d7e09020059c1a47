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
import { nameOrNone } from '../destinations/name-parts.ts';
import { jsonLines } from '../lines/json-lines.ts';
import { PathTemplate } from './file-path.ts';
import { translateFileError, type FileSystem } from './file-system.ts';
import { FileWriter } from './file-writer.ts';
import type { ProcessIdentity } from './path-lock.ts';
import { WriterPool } from './writer-pool.ts';

/** The settings of the output, and the disk and process to use. */
export interface FilePublisherOptions {
  /** May hold `{{ table }}` and other parts of names. */
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

/** The publisher of one output of type `file`. */
export class FilePublisher implements Publisher {
  readonly hasDestinations = true;
  readonly destinationOf?: (event: RoutedEvent) => string;
  readonly #options: FilePublisherOptions;
  readonly #template: PathTemplate;
  readonly #writers: WriterPool;
  readonly #disposed = new AbortController();
  #maintaining: Promise<void> | undefined;
  #identity: ProcessIdentity | undefined;

  constructor(options: FilePublisherOptions) {
    this.#options = options;
    this.#template = new PathTemplate(options.path, options.hash);
    this.#writers = new WriterPool({
      maxOpen: options.maxOpen ?? 64,
      isKept: (path) => this.#isKept(path),
      open: (path, reserve, idle) => this.#writerOf(path, reserve, idle),
      clock: options.clock,
      log: options.log,
    });
    if (this.#template.varies)
      this.destinationOf = (event) => nameOrNone(() => this.#template.pathFor(event));
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
    if (!this.#template.varies && !events.some(({ destination }) => destination !== undefined))
      return this.#writers.at(this.#options.path).append(jsonLines(events), signal);
    const { byPath, refused } = this.#byPath(events);
    const groups = await Promise.all([...byPath].map(([path, group]) => this.#append(path, group, signal)));
    signal.throwIfAborted();
    const error = batchErrorOf(events, [...refused, ...groups]);
    if (error !== undefined) throw error;
  }

  /** A change that has no path is refused by itself. */
  #byPath(events: readonly RoutedEvent[]): { byPath: Map<string, RoutedEvent[]>; refused: FileGroup[] } {
    const byPath = new Map<string, RoutedEvent[]>();
    const refused: FileGroup[] = [];
    for (const event of events) {
      try {
        const path = this.#template.pathFor(event);
        const group = byPath.get(path);
        if (group === undefined) byPath.set(path, [event]);
        else group.push(event);
      } catch (error) {
        refused.push({ events: [event], error: asDStreamError(error) });
      }
    }
    return { byPath, refused };
  }

  async #append(path: string, events: readonly RoutedEvent[], signal: AbortSignal): Promise<FileGroup> {
    try {
      await this.#writers.at(path).append(jsonLines(events), signal);
      return { events };
    } catch (error) {
      return { events, error: translateFileError(error, path) };
    }
  }

  #writerOf(path: string, reserve: () => Promise<() => void>, idle: () => void): FileWriter {
    if (this.#identity === undefined) throw new Error('publish was called before connect');
    const options = { ...this.#options, identity: this.#identity, path, reserve, idle };
    return new FileWriter({ ...options, makesDirectory: !this.#isKept(path) });
  }

  /** The one path of a template without names: this replica has it until it ends, and its directory exists. */
  #isKept(path: string): boolean {
    return !this.#template.varies && path === this.#options.path;
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
      await this.#writers.maintain();
    }
  }

  isBlocked(): boolean {
    return this.#writers.isBusy;
  }

  /** Waits for what is being written, closes the files and releases the locks. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    stack.use(this.#writers);
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
