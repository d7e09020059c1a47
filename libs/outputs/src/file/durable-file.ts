/**
 * One file that only grows, by whole lines. Its states:
 *
 * - closed → open: an incomplete line at the end, left by a process that ended while it wrote, is cut off;
 * - open → dirty, after a write or sync that failed: what of it arrived is not known, and no later sync can prove it,
 *   because Linux reports a failed write-back once (fsync(2)). Before its next use the file is reopened and cut back to
 *   what is durable.
 *
 * Other programs remove, rename, truncate and replace files. So a line counts as durable only if, after the sync, the
 * path still names our file and it has our size; otherwise the file is opened anew by its path and the line written again.
 */
import { dirname } from 'node:path';
import { DStreamError, type Clock, type Log } from '@dstream/core';
import { findExternalChange, reportExternalChange, type ExternalChange } from './external-change.ts';
import { rotatedPath } from './file-path.ts';
import { assertRegular, type FileSystem, type OpenFile } from './file-system.ts';

interface DurableFileOptions {
  readonly files: FileSystem;
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is written and made durable at once, at most, except for a single longer line. */
export const maxWriteBytes = 4_194_304;

/** Time between two warnings about a program that keeps writing to the file. */
const otherWriterReportMs = 600_000;

/** Throws when this process has lost the right to write to the path. */
type AssertLocked = () => Promise<void>;

/** The file at a path, with what of it is durable. Not safe for concurrent calls. */
export class DurableFile {
  readonly #options: DurableFileOptions;
  #handle: OpenFile | undefined;
  /** The end of the file is not known: a write or sync failed. */
  #dirty = false;
  /** Length of what is durable. */
  #sizeBytes = 0;
  #bornMs = 0;
  /** Monotonic: when the first line was written, or the file was first seen by this process. */
  #knownSinceMs = 0;
  #acknowledgedAtMs = 0;
  /** Monotonic: the last warning that another program writes to the file. */
  #otherWriterReportedMs = -Infinity;

  constructor(options: DurableFileOptions) {
    this.#options = options;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Milliseconds since the first line, by the wall clock or the monotonic one, whichever is larger: a clock that was set
   * back delays nothing. 0 for a file without lines.
   */
  get ageMs(): number {
    if (this.#sizeBytes === 0) return 0;
    const { clock } = this.#options;
    return Math.max(clock.wallMs() - this.#bornMs, clock.monotonicMs() - this.#knownSinceMs);
  }

  /**
   * Idempotent. An open file is checked; one that another program changed is opened anew by its path.
   * @param assertLocked called after the file was opened and before it is changed: a later owner of the path moves the
   * file that was opened before out of the way
   */
  async open(assertLocked: AssertLocked): Promise<void> {
    if (await this.check()) return;
    const keepBytes = this.#dirty ? this.#sizeBytes : Infinity;
    await this.abandon();
    const { files, path } = this.#options;
    assertRegular(path, await files.stat(path));
    const handle = await files.open(path);
    try {
      await files.syncDirectoryOf(path);
      await assertLocked();
      await this.#resume(handle, keepBytes);
    } catch (error) {
      this.#dirty = keepBytes < Infinity;
      await handle.close();
      throw error;
    }
    this.#handle = handle;
  }

  /** True if the file is open and unchanged since the last write. What another program did is logged; the file is closed then. */
  async check(): Promise<boolean> {
    if (this.#handle === undefined) return false;
    const size = { min: this.#sizeBytes, max: this.#dirty ? Infinity : this.#sizeBytes };
    const change = await findExternalChange(this.#options, this.#handle, size);
    if (change === undefined) return !this.#dirty;
    await this.#closeChanged(change);
    return false;
  }

  async #resume(handle: OpenFile, keepBytes: number): Promise<void> {
    const { path, log, clock } = this.#options;
    const { sizeBytes, bornMs } = await handle.status();
    const whole = await lengthOfWholeLines(handle, Math.min(sizeBytes, keepBytes));
    if (whole < sizeBytes) {
      await cut(handle, whole);
      // At debug after a failed write of this process: that was logged already, and a full disk causes one every few seconds.
      const level = keepBytes === Infinity ? 'info' : 'debug';
      log[level]('removed unacknowledged bytes from the end of the file', { path, bytes: sizeBytes - whole });
    }
    if (keepBytes === Infinity) [this.#bornMs, this.#knownSinceMs] = [bornMs, clock.monotonicMs()];
    this.#sizeBytes = whole;
  }

  /** Writes whole lines to the open file. Resolves when they are durable; after a rejection they are to be written again. */
  async append(lines: readonly Uint8Array[]): Promise<void> {
    const { path, clock } = this.#options;
    const handle = this.#handle;
    if (handle === undefined) throw new Error(`${path} is not open`);
    if (this.#sizeBytes === 0) [this.#bornMs, this.#knownSinceMs] = [clock.wallMs(), clock.monotonicMs()];
    const bytes = lines.reduce((sum, { length }) => sum + length, 0);
    const change = await this.#write(handle, lines, this.#sizeBytes + bytes);
    if (change !== undefined) {
      await this.#closeChanged(change, bytes);
      throw new DStreamError('Transient', `${path} was ${change.what} by another program during a write`);
    }
    this.#sizeBytes += bytes;
    this.#acknowledgedAtMs = clock.wallMs();
  }

  async #write(
    handle: OpenFile,
    lines: readonly Uint8Array[],
    size: number,
  ): Promise<ExternalChange | undefined> {
    try {
      await handle.append(lines);
      await handle.sync();
      return await findExternalChange(this.#options, handle, { min: size, max: size });
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }

  /** @param unacknowledgedBytes at the end of the file, which are written again */
  async #closeChanged(change: ExternalChange, unacknowledgedBytes = 0): Promise<void> {
    const { path, log } = this.#options;
    const [sizeBytes, sinceMs, untilMs] = [this.#sizeBytes, this.#bornMs, this.#acknowledgedAtMs];
    if (!this.#isReported(change))
      reportExternalChange(log, path, change, { sizeBytes, unacknowledgedBytes, sinceMs, untilMs });
    this.#sizeBytes = 0;
    await this.abandon();
  }

  /** Another writer is reported now and then, because it removes nothing; every other change is reported each time. */
  #isReported({ what }: ExternalChange): boolean {
    if (what !== 'written to') return false;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#otherWriterReportedMs < otherWriterReportMs) return true;
    this.#otherWriterReportedMs = nowMs;
    return false;
  }

  /** Closes the file and gives it its final name; the next `open` starts a new one. */
  async finish(assertLocked: AssertLocked): Promise<void> {
    await this.close(assertLocked);
    await this.#rename();
  }

  /** Renames the file of a process that may still be writing to it, so that what it has is kept. Ours is not open then. */
  async takeOver(): Promise<void> {
    const { files, path } = this.#options;
    const status = await files.stat(path);
    assertRegular(path, status);
    if (status !== undefined) await this.#rename();
  }

  async #rename(): Promise<void> {
    const { files, path, clock } = this.#options;
    const names = await files.list(dirname(path));
    await files.rename(path, rotatedPath(path, clock.wallMs(), names));
    this.#sizeBytes = 0;
    await files.syncDirectoryOf(path);
  }

  /** Idempotent. The file is closed even if it rejects. */
  async close(assertLocked: AssertLocked): Promise<void> {
    try {
      if (!this.#dirty || this.#handle === undefined) return;
      await assertLocked();
      await cut(this.#handle, this.#sizeBytes);
    } finally {
      await this.abandon();
    }
  }

  /** Closes the file without changing it: another process may own it by now. */
  async abandon(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#dirty = false;
    await handle?.close();
  }
}

async function cut(file: OpenFile, sizeBytes: number): Promise<void> {
  await file.truncate(sizeBytes);
  await file.sync();
}

const lineEnd = 10;

/**
 * Length of the file up to the end of its last whole line. After a loss of power a file system may show zeros where
 * data never arrived. No line of JSON holds one, so the last write is cut at its first zero.
 */
async function lengthOfWholeLines(file: OpenFile, sizeBytes: number): Promise<number> {
  let start = Math.max(0, sizeBytes - maxWriteBytes);
  const tail = await file.read(start, sizeBytes - start);
  const zero = tail.indexOf(0);
  let last = (zero < 0 ? tail : tail.subarray(0, zero)).lastIndexOf(lineEnd);
  while (last < 0 && start > 0) {
    const end = start;
    start = Math.max(0, end - maxWriteBytes);
    last = (await file.read(start, end - start)).lastIndexOf(lineEnd);
  }
  return start + last + 1;
}
