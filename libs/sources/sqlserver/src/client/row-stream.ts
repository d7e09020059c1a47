/** Runs one statement on one connection as rows that are pulled, with back-pressure through the socket and a limit of silence. */
import { onAbort, pause } from '@dstream/async';
import { DStreamError, type Clock } from '@dstream/core';
import type { Cells, Statement, StreamLimits } from './sql-client.ts';
import type { RunningRequest, SqlConnection } from './sql-connection.ts';

/** How long the server may send nothing before the connection is given up. */
export interface SilenceLimits {
  /** Before the first row of the steady result set: a cold change table is slow. */
  readonly firstRowMs: number;
  /** Between two of its rows. */
  readonly stallMs: number;
}

/**
 * Rows as they arrive, no faster than pulled. Rejects with what the statement failed with, with `Stalled`, or with the reason
 * of `signal`. A connection whose statement was not read to its end is closed.
 */
export async function* streamRows(
  connection: SqlConnection,
  statement: Statement,
  limits: StreamLimits,
  timing: StreamTiming,
  signal: AbortSignal,
): AsyncGenerator<readonly Cells[]> {
  const running = new RunningStatement(connection, statement, limits, timing);
  const removeListener = onAbort(signal, () => running.giveUp(signal.reason));
  try {
    for (let rows = await running.take(); rows !== undefined; rows = await running.take()) yield rows;
  } finally {
    removeListener();
    await running.end();
  }
}

/** How long silence is accepted, and the clock that measures it. */
export interface StreamTiming {
  readonly clock: Clock;
  readonly silence: SilenceLimits;
}

class RunningStatement {
  readonly #connection: SqlConnection;
  readonly #request: RunningRequest;
  readonly #flow: RowFlow;
  readonly #watchdog: Watchdog;
  readonly #done: Promise<void>;
  #finished = false;

  constructor(
    connection: SqlConnection,
    statement: Statement,
    limits: StreamLimits,
    { clock, silence }: StreamTiming,
  ) {
    const { steadyFrom = 0 } = limits;
    this.#connection = connection;
    this.#watchdog = new Watchdog(clock, silence.firstRowMs, () => this.giveUp(stalled(silence)));
    this.#flow = new RowFlow(limits, (paused) => this.#setPaused(paused));
    this.#request = connection.run(statement, (set, values) => {
      this.#watchdog.heard(set >= steadyFrom ? silence.stallMs : silence.firstRowMs);
      this.#flow.push(set, values);
    });
    this.#done = this.#untilDone();
  }

  /** See `RowFlow.take`. */
  take(): Promise<readonly Cells[] | undefined> {
    return this.#flow.take();
  }

  /** Rows that wait are dropped; `take` rejects with `reason`. */
  giveUp(reason: unknown): void {
    this.#flow.end(reason);
    this.#connection.close();
  }

  /** Closes the connection unless the statement is finished. Resolves when neither request nor timer is left. */
  async end(): Promise<void> {
    await this.#watchdog.stop();
    if (!this.#finished && this.#connection.usable) this.#connection.close();
    await this.#done;
  }

  async #untilDone(): Promise<void> {
    try {
      await this.#request.done;
      this.#finished = true;
      this.#flow.end();
    } catch (error) {
      this.#flow.end(error);
    }
  }

  #setPaused(paused: boolean): void {
    if (paused) {
      this.#watchdog.pause();
      this.#request.pause();
    } else {
      this.#watchdog.resume();
      this.#request.resume();
    }
  }
}

function stalled({ firstRowMs, stallMs }: SilenceLimits): DStreamError {
  return new DStreamError(
    'Stalled',
    `SQL Server sent nothing for too long (limits: ${firstRowMs / 1_000} s before the first row, ${stallMs / 1_000} s between rows): the connection was closed`,
  );
}

/** Bytes that a row costs beside its values, and a value that is neither text nor binary. */
const rowOverhead = 64;
const plainValue = 16;

function sizeOf(values: readonly unknown[]): number {
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

/** One for all: an abort without a reason makes an error with a stack, and there is one for every statement. */
const woken = new Error('the watchdog was woken');

/**
 * Notices a request from which nothing comes any more. The driver's own timeout stops counting at the first packet,
 * so a result that stalls midway would wait for ever (README, "Gotchas"). Silence while we ourselves have paused the
 * flow does not count.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  /** Ends the sleep that is under way. */
  #wake = new AbortController();
  #limitMs: number;
  #heardAtMs: number;
  #paused = false;

  /** @param onSilence called at most once, after `limitMs` without `heard` */
  constructor(clock: Clock, limitMs: number, onSilence: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#heardAtMs = clock.monotonicMs();
    this.#watching = this.#watch(onSilence);
  }

  /** Something arrived; from now on `limitMs` of silence are allowed. Cheap: it is called for every row. */
  heard(limitMs: number): void {
    this.#heardAtMs = this.#clock.monotonicMs();
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.#wake.abort(woken); // the sleep under way may be a longer one
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  /** Idempotent. Resolves when its timer is gone. */
  async stop(): Promise<void> {
    this.#stop.abort(woken);
    this.#wake.abort(woken);
    await this.#watching;
  }

  async #watch(onSilence: () => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const leftMs = this.#paused
        ? this.#limitMs
        : this.#heardAtMs + this.#limitMs - this.#clock.monotonicMs();
      if (leftMs <= 0) return onSilence();
      await this.#sleep(leftMs);
    }
  }

  async #sleep(ms: number): Promise<void> {
    this.#wake = new AbortController();
    await pause(this.#clock, ms, this.#wake.signal);
  }
}
