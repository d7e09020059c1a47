/**
 * Asks the database which tables have moved: one statement for all tables that are due about now. Tables of one
 * source register here while they are read; the statement's text covers all of them, so it stays the same from pass
 * to pass, and those that are not due are bound to a position that never moves.
 */
import { asDStreamError, type Clock } from '@dstream/core';
import { invalidObject, lockTimeout, objectDenied } from '../client/sql-errors.ts';
import type { SqlClient } from '../client/sql-client.ts';
import { sqlNumbers } from '../client/translate-error.ts';
import type { Lsn } from '../rows/lsn.ts';
import { noSourceObserver, type SourceObserver } from '../source-observer.ts';
import { probeStatement, type ProbedTable } from '../sql/probe-statement.ts';
import { Alarm } from './alarm.ts';
import { readProbe, type ProbeReading } from './probe-reading.ts';

export interface ProbeAnswer extends Omit<ProbeReading, 'moved'> {
  /** Whether the change table holds anything after the table's position. */
  readonly moved: boolean;
  /** Monotonic time when the statement was sent. */
  readonly askedAtMs: number;
}

export interface ProbeRequest {
  readonly captureInstance: string;
  readonly scanned: Lsn;
  readonly dueAtMs: number;
  /** A table may be asked so much before it is due, when a statement is on its way anyhow. */
  readonly slackMs: number;
}

interface Waiting extends ProbeRequest {
  readonly resolve: (answer: ProbeAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Tables of one statement: far below the 2,100 parameters that SQL Server takes. */
const maxTables = 250;

export class Prober {
  readonly #client: SqlClient;
  readonly #clock: Clock;
  readonly #observer: Pick<SourceObserver, 'probed'>;
  readonly #stop = new AbortController();
  readonly #registered = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  readonly #alarm: Alarm;
  #running: Promise<void> | undefined;

  constructor(client: SqlClient, clock: Clock, observer: Pick<SourceObserver, 'probed'> = noSourceObserver) {
    this.#client = client;
    this.#clock = clock;
    this.#observer = observer;
    this.#alarm = new Alarm(clock);
  }

  /** The instance takes part in statements until the function that is returned is called. */
  register(captureInstance: string): () => void {
    this.#registered.set(captureInstance, (this.#registered.get(captureInstance) ?? 0) + 1);
    return () => {
      const left = (this.#registered.get(captureInstance) ?? 1) - 1;
      if (left === 0) this.#registered.delete(captureInstance);
      else this.#registered.set(captureInstance, left);
    };
  }

  /** The answer of the next statement after the table is due. Rejects with what the statement failed with. */
  async ask(request: ProbeRequest, signal: AbortSignal): Promise<ProbeAnswer> {
    signal.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<ProbeAnswer>();
    const waiting = { ...request, resolve, reject };
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.add(waiting);
    this.#alarm.ring();
    this.#running ??= this.#run();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(waiting);
      if (this.#waiting.size === 0) this.#alarm.ring();
    }
  }

  /** Rejects who waits and resolves when nothing runs any more. */
  async stop(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    for (const waiting of this.#waiting) waiting.reject(reason);
    this.#alarm.ring();
    await this.#running;
  }

  /** Runs while somebody waits. Never rejects: failures go to those who wait. */
  async #run(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#stop.signal.aborted) {
      const earliest = Math.min(...Array.from(this.#waiting, ({ dueAtMs }) => dueAtMs));
      const leftMs = earliest - this.#clock.monotonicMs();
      if (leftMs > 0) await this.#alarm.wait(leftMs);
      else await this.#pass();
    }
    this.#running = undefined;
  }

  async #pass(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const due = [...this.#waiting]
      .filter(({ dueAtMs, slackMs }) => dueAtMs - slackMs <= nowMs)
      .slice(0, maxTables);
    for (const waiting of due) this.#waiting.delete(waiting);
    try {
      await this.#answer(due, this.#covered(due));
    } catch (error) {
      if (sqlNumbers(error).some(isOfOneTable)) await this.#oneByOne(due);
      else due.forEach(({ reject }) => reject(asDStreamError(error)));
    }
  }

  /** Some table's change table is gone, closed to us or locked, maybe one that is not due: the others must not suffer. */
  async #oneByOne(due: readonly Waiting[]): Promise<void> {
    for (const waiting of due)
      await this.#answer([waiting], [waiting]).catch((error: unknown) =>
        waiting.reject(asDStreamError(error)),
      );
  }

  /** All registered tables in a fixed order, those that are due with their positions. */
  #covered(due: readonly Waiting[]): readonly ProbedTable[] {
    const names = new Set([...due.map((d) => d.captureInstance), ...this.#registered.keys()]);
    const positions = lowestPositions(due);
    return [...names]
      .sort()
      .map((captureInstance) => ({ captureInstance, scanned: positions.get(captureInstance) }))
      .filter(({ scanned }) => scanned !== undefined || names.size <= maxTables);
  }

  async #answer(due: readonly Waiting[], covered: readonly ProbedTable[]): Promise<void> {
    const askedAtMs = this.#clock.monotonicMs();
    const { moved, ...reading } = await this.#read(covered, askedAtMs);
    for (const { captureInstance, resolve } of due)
      resolve({ ...reading, askedAtMs, moved: moved.has(captureInstance) });
  }

  async #read(covered: readonly ProbedTable[], askedAtMs: number): Promise<ProbeReading> {
    let captureLagMs: number | undefined;
    let failed = true;
    try {
      const sets = await this.#client.query(probeStatement(covered), { signal: this.#stop.signal });
      const reading = readProbe(sets, covered);
      ({ captureLagMs } = reading.times);
      failed = false;
      return reading;
    } finally {
      this.#observer.probed({ tookMs: this.#clock.monotonicMs() - askedAtMs, failed, captureLagMs });
    }
  }
}

/** Two may wait for one instance, at different places: nothing may be hidden from the one that is behind. */
function lowestPositions(due: readonly ProbeRequest[]): ReadonlyMap<string, Lsn> {
  const lowest = new Map<string, Lsn>();
  for (const { captureInstance, scanned } of due) {
    const known = lowest.get(captureInstance);
    if (known === undefined || scanned < known) lowest.set(captureInstance, scanned);
  }
  return lowest;
}

function isOfOneTable(number: number): boolean {
  return number === invalidObject || number === objectDenied || number === lockTimeout;
}
