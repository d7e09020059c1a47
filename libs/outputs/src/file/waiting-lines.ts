/** Lines that wait to be written to one file, in the order they came, each batch with who waits for it. */
import { maxWriteBytes } from './whole-lines.ts';

interface Batch {
  readonly lines: Uint8Array;
  /** How much of it was taken to be written. */
  begun: number;
  /** How much of it is durable. */
  durable: number;
  readonly settle: (error?: unknown) => void;
}

const lineEnd = 10;

export class WaitingLines {
  #batches: Batch[] = [];

  /** Batches that wait, those that are being written included. */
  get size(): number {
    return this.#batches.length;
  }

  /** Whole lines. Resolves when they are durable. On abort it rejects; what is not begun is forgotten. */
  add(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const aborted = () => {
        if (batch.begun === 0) this.#batches = this.#batches.filter((other) => other !== batch);
        reject(signal.reason);
      };
      const settle = (error?: unknown) => {
        signal.removeEventListener('abort', aborted);
        if (error === undefined) resolve();
        else reject(error);
      };
      const batch: Batch = { lines, begun: 0, durable: 0, settle };
      this.#batches.push(batch);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  /**
   * The next whole lines, no more than `roomBytes`, or than one write holds; what is begun is not forgotten any more.
   * @param atLeastOne take the first line also when it is longer
   * @returns undefined when there is no room for a line
   */
  take(roomBytes: number, atLeastOne: boolean): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    let room = Math.min(roomBytes, maxWriteBytes);
    for (const batch of this.#batches) {
      const part = wholeLines(batch.lines.subarray(batch.begun), room, atLeastOne && parts.length === 0);
      if (part.length > 0) parts.push(part);
      batch.begun += part.length;
      room -= part.length;
      if (batch.begun < batch.lines.length) break;
    }
    if (parts.length < 2) return parts[0];
    return Buffer.concat(parts);
  }

  /** What was taken is durable. */
  taken(): void {
    for (const batch of this.#batches) batch.durable = batch.begun;
    const done = this.#batches.filter(({ durable, lines }) => durable === lines.length);
    this.#batches = this.#batches.filter(({ durable, lines }) => durable < lines.length);
    for (const { settle } of done) settle();
  }

  /** Nobody waits any more: all of them try again. */
  reject(error: unknown): void {
    const all = this.#batches;
    this.#batches = [];
    for (const { settle } of all) settle(error);
  }
}

/** The start of `lines` that fits, up to a line's end; empty when not even the first line does. */
function wholeLines(lines: Uint8Array, room: number, atLeastOne: boolean): Uint8Array {
  if (lines.length <= room) return lines;
  const end = room > 0 ? lines.lastIndexOf(lineEnd, room - 1) : -1;
  if (end >= 0) return lines.subarray(0, end + 1);
  return atLeastOne ? lines.subarray(0, lines.indexOf(lineEnd) + 1) : new Uint8Array();
}
