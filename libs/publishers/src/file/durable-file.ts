/**
 * One file that only grows, by whole lines. Closed → open: what is behind the last whole line is cut → after a write or a
 * sync that failed: spoiled, because nobody knows what of it arrived, nor what a later sync would prove (Linux reports
 * a failed write-back once: fsync(2)). Before anything else happens to it the file is opened anew and cut back.
 */
import { dirname } from 'node:path';
import type { Clock, Log } from '@dstream/core';
import type { FileSystem, OpenFile } from './file-system.ts';
import { rotatedPath } from './rotated-name.ts';
import { wholeLength } from './whole-lines.ts';

export interface DurableFileOptions {
  readonly files: FileSystem;
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class DurableFile {
  readonly #options: DurableFileOptions;
  #handle: OpenFile | undefined;
  #spoiled = false;
  /** Of what is durable. */
  #sizeBytes = 0;
  #bornMs = 0;

  constructor(options: DurableFileOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Since the first line, by the wall clock, in milliseconds; 0 for a file without lines. */
  get ageMs(): number {
    return this.#sizeBytes === 0 ? 0 : this.#options.clock.wallMs() - this.#bornMs;
  }

  /** Idempotent. */
  async open(): Promise<void> {
    if (this.#handle !== undefined && !this.#spoiled) return;
    const keepBytes = this.#spoiled ? this.#sizeBytes : Infinity;
    await this.abandon();
    const { files, path } = this.#options;
    const handle = await files.open(path);
    try {
      await files.syncDirectoryOf(path);
      await this.#resume(handle, keepBytes);
    } catch (error) {
      this.#spoiled = keepBytes < Infinity;
      await handle.close();
      throw error;
    }
    this.#handle = handle;
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
    if (keepBytes === Infinity) this.#bornMs = bornMs;
    this.#sizeBytes = whole;
  }

  /** Whole lines. Resolves when they are durable; when it rejects none of them stays. The file is open. */
  async append(lines: Uint8Array): Promise<void> {
    if (this.#handle === undefined) throw new Error(`${this.#options.path} is not open`);
    if (this.#sizeBytes === 0) this.#bornMs = this.#options.clock.wallMs();
    try {
      await this.#handle.write(lines, this.#sizeBytes);
      await this.#handle.sync();
    } catch (error) {
      this.#spoiled = true;
      throw error;
    }
    this.#sizeBytes += lines.length;
  }

  /** Gives the file its final name; the next `open` begins a new one. */
  async finish(): Promise<void> {
    const { files, path, clock } = this.#options;
    await this.close();
    const names = await files.list(dirname(path));
    await files.rename(path, rotatedPath(path, clock.wallMs(), names));
    this.#sizeBytes = 0;
    await files.syncDirectoryOf(path);
  }

  /** Idempotent. The file is closed also when it rejects. */
  async close(): Promise<void> {
    try {
      if (this.#spoiled && this.#handle !== undefined) await cut(this.#handle, this.#sizeBytes);
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
