/**
 * Asks the database which tables have new changes: one statement for all tables that are due about now. Tables of one
 * source register here while they are read; the statement's text covers all of them, so it stays the same from pass
 * to pass, and those that are not due are bound to a position that nothing comes after.
 *
 * When the statement fails because of one table, the tables are probed one by one. Those that fail are isolated: left out of
 * the statement and probed alone, one after the other, beside the passes of the others, until their probe succeeds again.
 * So a locked change table delays the others once.
 */
import { pause } from '@dstream/async';
import {
  asDStreamError,
  noSourceObserver,
  type Clock,
  type DStreamError,
  type SourceObserver,
} from '@dstream/core';
import { isOfOneTable } from '../client/sql-errors.ts';
import type { SqlClient, Statement } from '../client/sql-client.ts';
import { sqlNumbers } from '../client/sql-errors.ts';
import type { Lsn } from '../position/log-position.ts';
import {
  LowWaterMarkCache,
  parseProbe,
  ProbeStatements,
  type ProbedTable,
  type ProbeReading,
  type SeenEntry,
} from '../sql/probe.ts';

/** A probe, as one table sees it. */
export interface ProbeAnswer extends Omit<ProbeReading, 'withNewChanges' | 'newestEntry' | 'seenAt'> {
  /** How many probes did not find the entry of the last max LSN as it was: at each the database may have been restored. */
  readonly historyMismatches: number;
  /** Whether the change table holds anything after the table's position. */
  readonly hasNewChanges: boolean;
  /** Monotonic time when the statement was sent. */
  readonly askedAtMs: number;
}

/** One table that waits for a probe. */
export interface ProbeRequest {
  readonly captureInstance: string;
  /** The probe checks for changes after this LSN. */
  readonly completeUpTo: Lsn;
  readonly dueAtMs: number;
  /** A table may be probed so much before it is due, when a statement is sent anyway. */
  readonly slackMs: number;
}

interface Waiting extends ProbeRequest {
  readonly resolve: (answer: ProbeAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Shared by all: an abort without a reason makes an error with a stack, and there is one for each wait. */
const woken = new Error('the prober was woken');

/** Shared by all tables of a source. Runs nothing while no table waits. */
export class Prober {
  readonly #client: SqlClient;
  readonly #clock: Clock;
  readonly #observer: Pick<SourceObserver, 'probed'>;
  readonly #stop = new AbortController();
  readonly #registered = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  readonly #statements = new ProbeStatements();
  readonly #single = new ProbeStatements();
  readonly #marks = new LowWaterMarkCache();
  readonly #isolated = new Set<string>();
  /** The probes of isolated tables that run or wait for their turn. Never rejects. */
  #alone: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  /** Ends the wait that is under way, and when that ends by itself. */
  #wake = new AbortController();
  #waitsUntilMs = 0;
  #lastSeenEntry: SeenEntry | undefined;
  #historyMismatches = 0;

  constructor(client: SqlClient, clock: Clock, observer: Pick<SourceObserver, 'probed'> = noSourceObserver) {
    this.#client = client;
    this.#clock = clock;
    this.#observer = observer;
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

  /** The answer of the next probe after the table is due. Rejects with the error of its statement, or with the reason of `signal` or `stop`. */
  async probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeAnswer> {
    signal.throwIfAborted();
    this.#stop.signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<ProbeAnswer>();
    const waiting = { ...request, resolve, reject };
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.add(waiting);
    if (request.dueAtMs < this.#waitsUntilMs) this.#wake.abort(woken);
    this.#running ??= this.#run();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#waiting.delete(waiting);
      if (this.#waiting.size === 0) this.#wake.abort(woken);
    }
  }

  /** Rejects all that wait, and resolves when nothing runs any more. Idempotent. */
  async stop(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    for (const waiting of this.#waiting) waiting.reject(reason);
    this.#wake.abort(woken);
    await this.#running;
    await this.#alone;
  }

  /** Runs while a table waits. Never rejects: failures go to the tables that wait. */
  async #run(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#stop.signal.aborted) {
      const earliest = Math.min(...Array.from(this.#waiting, ({ dueAtMs }) => dueAtMs));
      const leftMs = earliest - this.#clock.monotonicMs();
      this.#waitsUntilMs = earliest;
      if (leftMs > 0) await this.#wait(leftMs);
      else await this.#pass();
    }
    this.#running = undefined;
  }

  async #wait(ms: number): Promise<void> {
    this.#wake = new AbortController();
    await pause(this.#clock, ms, this.#wake.signal);
  }

  async #pass(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const due = [...this.#waiting].filter(({ dueAtMs, slackMs }) => dueAtMs - slackMs <= nowMs);
    for (const waiting of due) this.#waiting.delete(waiting);
    const isIsolated = ({ captureInstance }: Waiting) => this.#isolated.has(captureInstance);
    const isolated = due.filter(isIsolated);
    if (isolated.length > 0) this.#alone = this.#alone.then(() => this.#oneByOne(isolated));
    const others = due.filter((waiting) => !isIsolated(waiting));
    if (others.length > 0) await this.#probeAll(others);
  }

  async #probeAll(due: readonly Waiting[]): Promise<void> {
    const covered = this.#covered(due);
    try {
      await this.#answer(due, covered);
    } catch (error) {
      if (!isOfOne(error)) return due.forEach(({ reject }) => reject(asDStreamError(error)));
      const before = this.#isolated.size;
      await this.#oneByOne(due);
      if (this.#isolated.size === before) await this.#isolateOneNotDue(covered);
    }
  }

  /**
   * Some change table is gone, not permitted, locked or damaged: the other tables must not suffer. A failure that is not
   * of one table, such as a lost connection, rejects all that are left.
   */
  async #oneByOne(due: readonly Waiting[]): Promise<void> {
    let common: DStreamError | undefined;
    for (const waiting of due)
      try {
        if (common !== undefined) throw common;
        await this.#probeAlone(waiting, [waiting]);
      } catch (error) {
        const reason = asDStreamError(error);
        if (!isOfOne(reason)) common = reason;
        waiting.reject(reason);
      }
  }

  /** The table that failed was not due: found now, it does not fail further passes until it is. */
  async #isolateOneNotDue(covered: readonly ProbedTable[]): Promise<void> {
    for (const { captureInstance, completeUpTo } of covered) {
      if (completeUpTo !== undefined) continue;
      try {
        await this.#probeAlone({ captureInstance, completeUpTo }, []);
      } catch {
        return; // nobody waits for it: its next probe reports the error
      }
    }
  }

  async #probeAlone({ captureInstance, completeUpTo }: ProbedTable, due: readonly Waiting[]): Promise<void> {
    try {
      await this.#answer(due, [{ captureInstance, completeUpTo }], this.#single);
      this.#isolated.delete(captureInstance);
    } catch (error) {
      if (isOfOne(error)) this.#isolated.add(captureInstance);
      throw error;
    }
  }

  /** All registered tables that are not isolated, in a fixed order, those that are due with their positions. */
  #covered(due: readonly Waiting[]): readonly ProbedTable[] {
    const names = new Set([...due.map((d) => d.captureInstance), ...this.#registered.keys()]);
    const positions = lowestPositions(due);
    return [...names]
      .filter((name) => !this.#isolated.has(name))
      .sort()
      .map((captureInstance) => ({ captureInstance, completeUpTo: positions.get(captureInstance) }));
  }

  async #answer(
    due: readonly Waiting[],
    covered: readonly ProbedTable[],
    statements = this.#statements,
  ): Promise<void> {
    const askedAtMs = this.#clock.monotonicMs();
    const seen = this.#lastSeenEntry;
    const statement = statements.of(covered, seen?.lsn);
    const { withNewChanges, newestEntry, seenAt, ...reading } = await this.#read(
      statement,
      covered,
      askedAtMs,
    );
    if (seen !== undefined && seenAt !== seen.at) this.#historyMismatches += 1;
    this.#lastSeenEntry = newestEntry ?? this.#lastSeenEntry;
    const historyMismatches = this.#historyMismatches;
    for (const { captureInstance, resolve } of due) {
      const hasNewChanges = withNewChanges.has(captureInstance);
      resolve({ ...reading, historyMismatches, askedAtMs, hasNewChanges });
    }
  }

  async #read(
    statement: Statement,
    covered: readonly ProbedTable[],
    askedAtMs: number,
  ): Promise<ProbeReading> {
    let captureLagMs: number | undefined;
    let failed = true;
    try {
      const sets = await this.#client.query(statement, { signal: this.#stop.signal });
      const reading = parseProbe(sets, covered, this.#marks);
      ({ captureLagMs } = reading.times);
      failed = false;
      return reading;
    } finally {
      this.#observer.probed({ tookMs: this.#clock.monotonicMs() - askedAtMs, failed, captureLagMs });
    }
  }
}

/** Two may wait for one instance at different positions: the lower one counts, so that no change is hidden from either. */
function lowestPositions(due: readonly ProbeRequest[]): ReadonlyMap<string, Lsn> {
  const lowest = new Map<string, Lsn>();
  for (const { captureInstance, completeUpTo } of due) {
    const known = lowest.get(captureInstance);
    if (known === undefined || completeUpTo < known) lowest.set(captureInstance, completeUpTo);
  }
  return lowest;
}

function isOfOne(error: unknown): boolean {
  return sqlNumbers(error).some(isOfOneTable);
}
