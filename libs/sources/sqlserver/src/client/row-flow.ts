import type { Cells, StreamLimits } from './sql-client.ts';

/** Bytes that a row costs beside its values, and a value that is neither text nor binary. */
const rowOverhead = 64;
const plainValue = 16;

export function sizeOf(values: readonly unknown[]): number {
  let bytes = rowOverhead;
  for (const value of values) {
    if (typeof value === 'string') bytes += plainValue + value.length;
    else bytes += Buffer.isBuffer(value) ? plainValue + value.length : plainValue;
  }
  return bytes;
}

/** Turns pushed rows into pulled ones: pauses the source at the limit, resumes it when half of it was taken. */
export class RowFlow {
  readonly #limits: StreamLimits;
  readonly #setPaused: (paused: boolean) => void;
  #rows: Cells[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  constructor(limits: StreamLimits, setPaused: (paused: boolean) => void) {
    this.#limits = limits;
    this.#setPaused = setPaused;
  }

  push(set: number, values: readonly unknown[]): void {
    const bytes = sizeOf(values);
    this.#rows.push({ set, values, bytes });
    this.#bytes += bytes;
    if (
      !this.#paused &&
      (this.#rows.length >= this.#limits.maxRows || this.#bytes >= this.#limits.maxBytes)
    ) {
      this.#paused = true;
      this.#setPaused(true);
    }
    this.#wake?.();
  }

  /** No more rows will come; with an error the rest is not delivered. The first call counts. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** All that waits, as soon as there is something; undefined at the end. Rejects with what `end` was given. */
  async take(): Promise<readonly Cells[] | undefined> {
    while (this.#rows.length === 0 && !this.#ended) await this.#something();
    if (this.#error !== undefined) return Promise.reject(this.#error); // may be any reason of an abort
    if (this.#rows.length === 0) return undefined;
    const rows = this.#rows;
    this.#rows = [];
    this.#bytes = 0;
    if (this.#paused) {
      this.#paused = false;
      this.#setPaused(false);
    }
    return rows;
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
