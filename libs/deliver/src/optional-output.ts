/**
 * An output that is not required: messages do not wait for it. Its changes go into a bounded buffer, from which each
 * session's are sent in order, sessions side by side.
 *
 * Connecting (with back-off, whatever is wrong: a person may fix the destination meanwhile) → sending → at the stop every
 * session's lane makes one more attempt, continues while attempts succeed, and gives up at the first that fails → closed.
 * A destination that is gone for good (OutputClosed) closes it at once; the process continues without it.
 */
import { asDStreamError, type Clock, type DStreamError, type Log, type StopSignals } from '@dstream/core';
import { abortLater, Backoff, pause, retry, withAny } from '@dstream/async';
import { Bisection } from './bisection.ts';
import { ChangeBuffer } from './change-buffer.ts';
import { noTurn } from './circuit-breaker.ts';
import { about, type DecodedChange } from './decode-message.ts';
import type { OutputGate } from './output-gate.ts';
import type { OutputMonitor } from './output-monitor.ts';
import type { DropReason } from './processor-metrics.ts';
import { publishWaits, type ProcessorParts } from './processor-parts.ts';
import { attemptToPublish, type Attempt } from './publish-attempt.ts';

/** What one call publishes, at most: enough that the round trip does not count, little enough to be repeated. */
const maxBatchBytes = 262_144;
const maxBatchChanges = 1_000;

/** A call that is under way at the stop, or begins after it, has this long: a third of the usual `shutdown_timeout`. */
const maxCallMs = 10_000;

/** Fills its buffer from `offer` and empties it by itself. */
export class OptionalOutput {
  readonly #gate: OutputGate;
  readonly #monitor: OutputMonitor;
  readonly #parts: ProcessorParts;
  readonly #buffer: ChangeBuffer;
  readonly #losses: LossLog;
  readonly #lanes = new Map<string, Promise<void>>();
  #stop: StopSignals | undefined;
  #connecting: Promise<void> = Promise.resolve();
  #connected = false;

  constructor(gate: OutputGate, parts: ProcessorParts) {
    const { monitor } = gate;
    this.#gate = gate;
    this.#monitor = monitor;
    this.#parts = parts;
    this.#buffer = new ChangeBuffer(monitor.output.bufferBytes);
    this.#losses = new LossLog(monitor.output.name, parts.log, parts.clock);
  }

  get name(): string {
    return this.#monitor.output.name;
  }

  /** Connects in the background. To be ended with `finish`. */
  start(stop: StopSignals): void {
    this.#stop = stop;
    this.#connecting = this.#connect(stop);
  }

  /** Buffers the changes, and drops the oldest that do not fit. Returns at once and never throws. */
  offer(changes: readonly DecodedChange[]): void {
    if (changes.length === 0) return;
    if (this.#monitor.isClosed) return this.#drop('closed', changes);
    for (const [key, group] of groupsOf(changes)) {
      this.#recount(() => this.#drop('buffer_full', this.#buffer.add(key, group)));
      this.#startLane(key);
    }
  }

  /** Resolves when nothing waits any more: delivered, or counted as dropped. Nothing may be offered after it was called. */
  async finish(): Promise<void> {
    await this.#connecting;
    await Promise.all(this.#lanes.values());
    this.#giveUp('stopping');
    this.#losses.over();
  }

  async #connect(stop: StopSignals): Promise<void> {
    const { clock, random } = this.#parts;
    const { output, connecting } = this.#monitor;
    const again = (error: DStreamError) => error.code !== 'OutputClosed';
    const options = { clock, random, failureLog: connecting, giveUp: stop.draining, again };
    try {
      await this.#withinStop(stop, (signal) =>
        retry((attempt) => output.publisher.connect({ signal: attempt }), signal, options),
      );
    } catch (error) {
      this.#end(asDStreamError(error), stop);
      return;
    }
    this.#connected = true;
    for (const key of this.#buffer.keys) this.#startLane(key);
  }

  #startLane(key: string): void {
    const stop = this.#stop;
    if (!this.#connected || stop === undefined || this.#lanes.has(key)) return;
    const lane = this.#send(key, stop).catch((error: unknown) => this.#end(asDStreamError(error), stop, key));
    this.#lanes.set(key, lane);
  }

  /** Sends what waits of one session until nothing does, or until it gives up. */
  async #send(key: string, stop: StopSignals): Promise<void> {
    const { clock, random } = this.#parts;
    const gate = this.#gate;
    const backoff = new Backoff({ ...(gate.output.retry ?? publishWaits), random });
    const attempting = { gate, sender: {}, clock };
    using bisection = new Bisection(attempting);
    // The first turn is a microtask later: whoever offers is not kept waiting.
    await Promise.resolve();
    try {
      for (;;) {
        // At the stop every lane has its last attempt, whatever the breaker's state is.
        const turn = gate.breaker.isClosed
          ? noTurn
          : await gate.breaker.acquireTurn(stop.draining, stop.aborted);
        const events = this.#buffer.take(key, maxBatchBytes, Math.min(bisection.size, maxBatchChanges));
        if (events.length === 0) return turn[Symbol.dispose]();
        const isLast = stop.draining.aborted;
        const made = await this.#withinStop(stop, (signal) =>
          attemptToPublish(events, signal, attempting),
        ).finally(() => turn[Symbol.dispose]());
        const attempt = bisection.judge(events, made);
        this.#settle(key, attempt);
        if (attempt.transient === undefined) {
          backoff.reset();
          continue;
        }
        if (isLast) return this.#giveUp('stopping', key);
        await pause(clock, backoff.next(), stop.draining, stop.aborted);
      }
    } finally {
      // In the same turn in which nothing was left: what is offered next finds no lane and starts one.
      this.#lanes.delete(key);
      this.#monitor.forget(attempting.sender);
      if (this.#buffer.changes === 0) this.#losses.over('buffer_full');
    }
  }

  #settle(key: string, { again, refused }: Attempt): void {
    this.#recount(() => this.#buffer.settle(key, again));
    const [first] = refused;
    if (first === undefined) return;
    const { code, message } = first.error;
    const changes = refused.map(({ change }) => change);
    this.#drop('refused', changes, { code, reason: message, ...about(first.change) });
  }

  /** Gives up a call that hangs while the process stops, before it takes all the time of the stop. */
  async #withinStop<T>(
    { draining, aborted }: StopSignals,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using late = abortLater(this.#parts.clock, maxCallMs, draining);
    return await withAny([aborted, late.signal], work);
  }

  /** The output is closed, or the time is up: for one session, or for all. */
  #end(error: DStreamError, stop: StopSignals, key?: string): void {
    const [{ name }, { log }] = [this.#monitor.output, this.#parts];
    if (error.code !== 'OutputClosed') {
      if (!stop.draining.aborted) log.error(`output ${name}: sending failed unexpectedly`, { error });
      return this.#giveUp('stopping', key);
    }
    if (!this.#monitor.isClosed) {
      log.error(`output ${name} closed; continuing without it`, { reason: error.message });
    }
    this.#monitor.closed(error);
    this.#giveUp('closed');
  }

  #giveUp(reason: DropReason, key?: string): void {
    this.#recount(() => this.#drop(reason, this.#buffer.clear(key)));
  }

  #drop(
    reason: DropReason,
    events: readonly DecodedChange[],
    detail?: Readonly<Record<string, unknown>>,
  ): void {
    if (events.length === 0) return;
    this.#monitor.dropped(reason, events.length);
    this.#losses.add(reason, events, detail);
  }

  #recount(change: () => void): void {
    const [changes, bytes] = [this.#buffer.changes, this.#buffer.bytes];
    change();
    this.#monitor.waiting(this.#buffer.changes - changes, this.#buffer.bytes - bytes);
  }
}

/** The changes of one step are of one session, but for a subscription without sessions. */
function groupsOf(changes: readonly DecodedChange[]): Iterable<readonly [string, readonly DecodedChange[]]> {
  const key = changes[0]?.orderingKey ?? '';
  if (changes.every(({ orderingKey }) => orderingKey === key))
    return changes.length === 0 ? [] : [[key, changes]];
  return Map.groupBy(changes, ({ orderingKey }) => orderingKey);
}

/** A loss that lasts is logged again after this. */
const againMs = 300_000;

const lossSentences: Readonly<Record<DropReason, string>> = {
  buffer_full: 'buffer full; dropping the oldest changes',
  refused: 'changes refused; they are only counted, because the output is not required',
  closed: 'closed; dropping its changes',
  stopping: 'could not deliver the buffered changes before shutdown; dropping them',
};

interface Loss {
  changes: number;
  readonly sessions: Set<string>;
  /** First and last commit time, ISO 8601. */
  from: string;
  to: string;
}

/** Sessions that are counted, at most. */
const maxSessions = 1_000;

/** Logs what the output did not get: once when it begins, again every five minutes, and at its end. */
class LossLog {
  readonly #name: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #losses = new Map<DropReason, Loss>();
  readonly #loggedAtMs = new Map<DropReason, number>();

  constructor(name: string, log: Log, clock: Clock) {
    this.#name = name;
    this.#log = log;
    this.#clock = clock;
  }

  /** @param detail fields of the first line, such as an error */
  add(
    reason: DropReason,
    events: readonly DecodedChange[],
    detail: Readonly<Record<string, unknown>> = {},
  ): void {
    if (events.length === 0) return;
    this.#losses.set(reason, withMore(this.#losses.get(reason), events));
    const loggedAtMs = this.#loggedAtMs.get(reason);
    if (loggedAtMs === undefined || this.#clock.monotonicMs() - loggedAtMs >= againMs)
      this.#report(reason, detail);
  }

  /** A loss is over, for one reason or for all: logs what was not logged yet. The next loss begins anew. */
  over(...reasons: readonly DropReason[]): void {
    for (const reason of reasons.length > 0 ? reasons : [...this.#losses.keys()]) {
      if (this.#losses.has(reason)) this.#report(reason, {});
      this.#loggedAtMs.delete(reason);
    }
  }

  #report(reason: DropReason, detail: Readonly<Record<string, unknown>>): void {
    const loss = this.#losses.get(reason);
    if (loss === undefined) return;
    this.#losses.delete(reason);
    this.#loggedAtMs.set(reason, this.#clock.monotonicMs());
    const { changes, sessions, from, to } = loss;
    const fields = { changes, sessions: sessions.size, committedFrom: from, committedTo: to, ...detail };
    this.#log.error(`output ${this.#name}: ${lossSentences[reason]}`, fields);
  }
}

function withMore(loss: Loss | undefined, events: readonly DecodedChange[]): Loss {
  const more = loss ?? { changes: 0, sessions: new Set<string>(), from: '', to: '' };
  more.changes += events.length;
  for (const { event, orderingKey } of events) {
    const { committedAt } = event.metadata;
    if (more.from === '' || committedAt < more.from) more.from = committedAt;
    if (committedAt > more.to) more.to = committedAt;
    if (more.sessions.size < maxSessions) more.sessions.add(orderingKey);
  }
  return more;
}
