/**
 * One file that only grows, by whole lines. Closed → open: what is behind the last whole line is cut → after a write or a
 * sync that failed: spoiled, because nobody knows what of it arrived, nor what a later sync would prove (Linux reports
 * a failed write-back once: fsync(2)). Before anything else happens to it the file is opened anew and cut back.
 *
 * Other programs remove, rename, truncate and replace files. So a line counts as durable only when, after the sync, the
 * path still names our file with our size; otherwise the file is opened anew by its path and the line written again.
 */
import { dirname } from 'node:path';
import { DStreamError, type Clock, type Log } from '@dstream/core';
import type { FileSystem, OpenFile } from './file-system.ts';
import { foreignChange, reportForeignChange, type ForeignChange } from './foreign-change.ts';
import { assertRegular } from './not-regular.ts';
import { rotatedPath } from './rotated-name.ts';
import { wholeLength } from './whole-lines.ts';

export interface DurableFileOptions {
  readonly files: FileSystem;
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A program that writes to the file again and again is reported this often. */
const otherWriterReportMs = 600_000;

/** Throws when this process may not write to the path any more. */
type Prove = () => Promise<void>;

export class DurableFile {
  readonly #options: DurableFileOptions;
  #handle: OpenFile | undefined;
  #spoiled = false;
  /** Of what is durable. */
  #sizeBytes = 0;
  #bornMs = 0;
  /** Monotonic: the first line, or its first sight by this process. */
  #knownSinceMs = 0;
  #acknowledgedAtMs = 0;
  /** Monotonic: when it was last reported that another program writes to the file. */
  #otherWriterReportedMs = -Infinity;

  constructor(options: DurableFileOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Since the first line, by the clock that counts more, in milliseconds: one that was set back delays nothing. 0 for a file without lines. */
  get ageMs(): number {
    if (this.#sizeBytes === 0) return 0;
    const { clock } = this.#options;
    return Math.max(clock.wallMs() - this.#bornMs, clock.monotonicMs() - this.#knownSinceMs);
  }

  /**
   * Idempotent. A file that is open is looked at: when it is not as it was left, it is opened anew by its path.
   * @param prove called once the file was opened and before it is changed: whoever takes the path over later takes the
   * file that was opened before out of the way
   */
  async open(prove: Prove): Promise<void> {
    if (await this.look()) return;
    const keepBytes = this.#spoiled ? this.#sizeBytes : Infinity;
    await this.abandon();
    const { files, path } = this.#options;
    assertRegular(path, await files.look(path));
    const handle = await files.open(path);
    try {
      await files.syncDirectoryOf(path);
      await prove();
      await this.#resume(handle, keepBytes);
    } catch (error) {
      this.#spoiled = keepBytes < Infinity;
      await handle.close();
      throw error;
    }
    this.#handle = handle;
  }

  /** True when the file is open and as it was left. What another program did to it is reported; then it is closed. */
  async look(): Promise<boolean> {
    if (this.#handle === undefined) return false;
    const size = { min: this.#sizeBytes, max: this.#spoiled ? Infinity : this.#sizeBytes };
    const change = await foreignChange(this.#options, this.#handle, size);
    if (change === undefined) return !this.#spoiled;
    await this.#giveUp(change);
    return false;
  }

  async #resume(handle: OpenFile, keepBytes: number): Promise<void> {
    const { path, log } = this.#options;
    const { sizeBytes, bornMs } = await handle.status();
    const whole = await wholeLength(handle, Math.min(sizeBytes, keepBytes));
    if (whole < sizeBytes) {
      await cut(handle, whole);
      // After an attempt of this life that failed: its failure was told, and a full disk makes one every few seconds.
      const say = keepBytes === Infinity ? 'info' : 'debug';
      log[say]('cut off what was written and never acknowledged', { path, bytes: sizeBytes - whole });
    }
    if (keepBytes === Infinity)
      [this.#bornMs, this.#knownSinceMs] = [bornMs, this.#options.clock.monotonicMs()];
    this.#sizeBytes = whole;
  }

  /** Whole lines. Resolves when they are durable; when it rejects they are to be written again. The file is open. */
  async append(lines: Uint8Array): Promise<void> {
    const { path, clock } = this.#options;
    const handle = this.#handle;
    if (handle === undefined) throw new Error(`${path} is not open`);
    if (this.#sizeBytes === 0) [this.#bornMs, this.#knownSinceMs] = [clock.wallMs(), clock.monotonicMs()];
    const change = await this.#write(handle, lines);
    if (change !== undefined) {
      await this.#giveUp(change, lines.length);
      throw new DStreamError(
        'Transient',
        `${path} was ${change.what} by another program while it was written`,
      );
    }
    this.#sizeBytes += lines.length;
    this.#acknowledgedAtMs = clock.wallMs();
  }

  async #write(handle: OpenFile, lines: Uint8Array): Promise<ForeignChange | undefined> {
    try {
      await handle.append(lines);
      await handle.sync();
      const size = this.#sizeBytes + lines.length;
      return await foreignChange(this.#options, handle, { min: size, max: size });
    } catch (error) {
      this.#spoiled = true;
      throw error;
    }
  }

  /** @param unacknowledgedBytes at the end of the file, which are written again */
  async #giveUp(change: ForeignChange, unacknowledgedBytes = 0): Promise<void> {
    const { path, log } = this.#options;
    const [sizeBytes, sinceMs, untilMs] = [this.#sizeBytes, this.#bornMs, this.#acknowledgedAtMs];
    if (!this.#isReported(change))
      reportForeignChange(log, path, change, { sizeBytes, unacknowledgedBytes, sinceMs, untilMs });
    this.#sizeBytes = 0;
    await this.abandon();
  }

  /** Only of another writer, which takes nothing away: every other change is an event of its own. */
  #isReported({ what }: ForeignChange): boolean {
    if (what !== 'written to') return false;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#otherWriterReportedMs < otherWriterReportMs) return true;
    this.#otherWriterReportedMs = nowMs;
    return false;
  }

  /** Gives the file its final name; the next `open` begins a new one. */
  async finish(prove: Prove): Promise<void> {
    await this.close(prove);
    await this.#rename();
  }

  /** Takes the file of a process that may still write to it out of the way; what it has is kept. It is not open here. */
  async takeOver(): Promise<void> {
    const { files, path } = this.#options;
    const status = await files.look(path);
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

  /** Idempotent. The file is closed also when it rejects. */
  async close(prove: Prove): Promise<void> {
    try {
      if (!this.#spoiled || this.#handle === undefined) return;
      await prove();
      await cut(this.#handle, this.#sizeBytes);
    } finally {
      await this.abandon();
    }
  }

  /** Closes the file without touching it: somebody else may be writing to it now. */
  async abandon(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#spoiled = false;
    await handle?.close();
  }
}

async function cut(file: OpenFile, sizeBytes: number): Promise<void> {
  await file.truncate(sizeBytes);
  await file.sync();
}
