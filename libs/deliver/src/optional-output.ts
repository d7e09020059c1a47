/**
 * An output that is not required: messages do not wait for it. Its changes go into a bounded buffer, from which each
 * session's are sent in order, sessions side by side.
 *
 * Connecting (with back-off, whatever is wrong: a person may mend the destination meanwhile) → sending → at the stop every
 * session's part makes one more attempt, goes on while attempts succeed, and gives up at the first that fails → closed.
 * A destination that is gone for good (OutputClosed) closes it at once; the process goes on without it.
 */
import { asDStreamError, type DStreamError, type RoutedEvent, type StopSignals } from '@dstream/core';
import { abortLater, Backoff, pause, retry, withAny } from '@dstream/async';
import { ChangeBuffer } from './change-buffer.ts';
import { LossLog } from './loss-log.ts';
import type { OutputMonitor } from './output-monitor.ts';
import type { DropReason } from './processor-metrics.ts';
import type { ProcessorParts } from './processor-parts.ts';
import { Narrowing } from './narrowing.ts';
import { about, attemptToPublish, type Attempt } from './publish-attempt.ts';
import { publishBackoff } from './publish-in-order.ts';

/** What one call publishes, at most: enough that the round trip does not count, little enough to be repeated. */
const maxBatchBytes = 262_144;
const maxBatchEvents = 1_000;

/** What is under way at the stop, or begins after it, has this long: a third of the usual `shutdown_timeout`. */
const hangMs = 10_000;

export class OptionalOutput {
  readonly #monitor: OutputMonitor;
  readonly #parts: ProcessorParts;
  readonly #buffer: ChangeBuffer;
  readonly #losses: LossLog;
  readonly #lanes = new Map<string, Promise<void>>();
  #stop: StopSignals | undefined;
  #connecting: Promise<void> = Promise.resolve();
  #connected = false;

  constructor(monitor: OutputMonitor, parts: ProcessorParts) {
    this.#monitor = monitor;
    this.#parts = parts;
    this.#buffer = new ChangeBuffer(monitor.output.bufferBytes);
    this.#losses = new LossLog(monitor.output.name, parts.log, parts.clock);
  }

  /** Connects in the background. To be ended with `finish`. */
  start(stop: StopSignals): void {
    this.#stop = stop;
    this.#connecting = this.#connect(stop);
  }

  /** Takes what there is room for, and drops the oldest for it. Returns at once and never throws. */
  offer(events: readonly RoutedEvent[]): void {
    if (this.#monitor.isClosed) return this.#drop('closed', events);
    for (const [key, group] of groupsOf(events)) {
      this.#recount(() => this.#drop('buffer_full', this.#buffer.add(key, group)));
      this.#startLane(key);
    }
  }

  /** Resolves when nothing waits any more: delivered, or counted as dropped. Nothing is offered after it was called. */
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
    const backoff = new Backoff({ ...publishBackoff, random });
    const attempting = { monitor: this.#monitor, sender: {}, clock };
    const narrowing = new Narrowing(attempting);
    // The first turn is a microtask later: whoever offers is not kept waiting.
    await Promise.resolve();
    try {
      for (;;) {
        const events = this.#buffer.take(key, maxBatchBytes, Math.min(narrowing.size, maxBatchEvents));
        if (events.length === 0) return;
        const isLast = stop.draining.aborted;
        const made = await this.#withinStop(stop, (signal) => attemptToPublish(events, signal, attempting));
        const attempt = narrowing.judge(events, made);
        this.#settle(key, attempt);
        if (attempt.passing === undefined || attempt.narrow) backoff.reset();
        if (attempt.passing === undefined) continue;
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
    const events = refused.map(({ event }) => event);
    this.#drop('refused', events, { code, reason: message, ...about(first.event) });
  }

  /** What hangs while the process stops is given up before it takes all the time of the stop. */
  async #withinStop<T>(
    { draining, aborted }: StopSignals,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using late = abortLater(this.#parts.clock, hangMs, draining);
    return await withAny([aborted, late.signal], work);
  }

  /** The output is of no use any more, or the time is up: for one session, or for all. */
  #end(error: DStreamError, stop: StopSignals, key?: string): void {
    const [{ name }, { log }] = [this.#monitor.output, this.#parts];
    if (error.code !== 'OutputClosed') {
      if (!stop.draining.aborted) log.error(`output ${name}: sending failed in an unexpected way`, { error });
      return this.#giveUp('stopping', key);
    }
    if (!this.#monitor.isClosed) {
      log.error(`output ${name}: closed, the process goes on without it`, { reason: error.message });
    }
    this.#monitor.closed(error);
    this.#giveUp('closed');
  }

  #giveUp(reason: DropReason, key?: string): void {
    this.#recount(() => this.#drop(reason, this.#buffer.clear(key)));
  }

  #drop(
    reason: DropReason,
    events: readonly RoutedEvent[],
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
function groupsOf(events: readonly RoutedEvent[]): Iterable<readonly [string, readonly RoutedEvent[]]> {
  const key = events[0]?.orderingKey ?? '';
  if (events.every(({ orderingKey }) => orderingKey === key))
    return events.length === 0 ? [] : [[key, events]];
  return Map.groupBy(events, ({ orderingKey }) => orderingKey);
}
