/** What an output counts and how it does: for the metrics, for `/status` and for the log. */
import { DStreamError, type Clock, type Log, type LogFields, type RoutedEvent } from '@dstream/core';
import { FailureLog } from '@dstream/async';
import type { BreakerState, CircuitBreaker } from './circuit-breaker.ts';
import type { DropReason, OutputMetrics } from './processor-metrics.ts';
import type { Output } from './processor-parts.ts';

/**
 * State of an output:
 * - `connecting`: not reached since the start.
 * - `working`: the last attempt succeeded, or none was made.
 * - `failing`: attempts fail and are retried; `failing` has the time of the first failure and its reason.
 * - `closed`: it will never accept anything again (a console whose reader is gone).
 */
export type OutputState = 'connecting' | 'working' | 'failing' | 'closed';

/** An output in `/status`. Counts are since the start of the process. */
export interface OutputReport {
  /** The label, else the type. */
  readonly name: string;
  /** `console`, `azure_service_bus`, … */
  readonly type: string;
  /** False: messages do not wait for it; it has a buffer. */
  readonly required: boolean;
  readonly state: OutputState;
  /** Why the state is `failing`, `closed` or still `connecting`; null when nothing is wrong. */
  readonly failing: OutputFailure | null;
  /** Changes it has accepted. */
  readonly delivered: number;
  /** Attempts to publish that failed. */
  readonly failedAttempts: number;
  /** What was given to it and is neither accepted nor given up: of a required output what messages wait for, else its buffer. */
  readonly waiting: { readonly changes: number; readonly bytes: number };
  /** Capacity of its buffer in bytes; null for a required output, which has none. */
  readonly bufferBytes: number | null;
  /** Changes lost to an output that is not required: its buffer was full, it was closed, or the time for the stop was up. */
  readonly dropped: number;
  /** Changes it refused for good. Those of a required output are in the dead-letter queue; of another they are only counted. */
  readonly refused: number;
  /** Its circuit breaker: while it is not closed, sessions wait and one at a time makes an attempt. */
  readonly breaker: BreakerReport;
  /** Seconds from commit to delivery of the newest change delivered, replayed ones left out; null before the first. */
  readonly latencySeconds: number | null;
}

/** The circuit breaker of an output in `/status`. */
export interface BreakerReport {
  readonly state: BreakerState;
  /** When it opened, ISO 8601, UTC; null while it is closed. */
  readonly since: string | null;
}

/** The failure of an output in `/status`. */
export interface OutputFailure {
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Code and message of the last error. */
  readonly code: string;
  readonly reason: string;
}

/** Options of an `OutputMonitor`. */
export interface MonitorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: OutputMetrics;
}

/** Tells whether an output accepts other changes than one that fails. To be disposed of when nobody asks any more. */
export interface OthersAccepted extends Disposable {
  /** True when the same destination has accepted another change since the last call. */
  take(): boolean;
}

interface Watch {
  readonly isSamePlace: (change: RoutedEvent) => boolean;
  accepted: boolean;
}

const breakerLevels: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Whoever publishes: a session, or its lane of a buffer. Compared by identity. */
export type Sender = object;

/**
 * One output, for all sessions that publish to it. A failure is logged once, however many sessions wait: it begins with the
 * first that fails, and ends when one succeeds and none fails any more.
 */
export class OutputMonitor {
  readonly output: Output;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: OutputMetrics;
  readonly #connecting: FailureLog;
  readonly #publishing: FailureLog;
  readonly #failing = new Set<Sender>();
  readonly #watches = new Set<Watch>();
  #state: OutputState = 'connecting';
  #sinceMs = 0;
  #error: DStreamError | undefined;
  #delivered = 0;
  #failedAttempts = 0;
  #waitingChanges = 0;
  #waitingBytes = 0;
  #dropped = 0;
  #refused = 0;
  #breaker: BreakerReport = { state: 'closed', since: null };
  #latencySeconds: number | null = null;

  constructor(output: Output, { clock, log, metrics }: MonitorOptions) {
    this.output = output;
    this.#clock = clock;
    this.#log = log;
    this.#metrics = metrics;
    this.#connecting = new FailureLog(`connecting to output ${output.name}`, log, clock);
    this.#publishing = new FailureLog(`publishing to ${output.name}`, log, clock);
    metrics.up.set(0);
    metrics.breaker.set(breakerLevels.closed);
    this.waiting(0, 0);
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Logs the attempts to connect. */
  get connecting(): Pick<FailureLog, 'failed' | 'succeeded'> {
    return {
      failed: (error) => {
        this.#connecting.failed(error);
        this.#setFailure('connecting', error);
      },
      succeeded: () => {
        this.#connecting.succeeded();
        this.#log.info('connected', { to: `output ${this.output.name}` });
        this.#setWorking();
      },
    };
  }

  /** It will never accept anything again. */
  closed(error: DStreamError): void {
    this.#setFailure('closed', error);
  }

  /** An attempt failed. @param about the first change that was not accepted */
  failed(sender: Sender, error: DStreamError, about: LogFields = {}): void {
    this.#failedAttempts += 1;
    this.#metrics.failed(error.code);
    this.#failing.add(sender);
    this.#publishing.failed(error, about);
    this.#setFailure('failing', error);
  }

  /** An attempt succeeded. @param startedMs monotonic */
  succeeded(sender: Sender, events: readonly RoutedEvent[], startedMs: number): void {
    this.#metrics.publishSeconds.observe((this.#clock.monotonicMs() - startedMs) / 1000);
    this.accepted(events);
    this.recovered(sender);
  }

  /** Nothing fails any more for this sender: it succeeded, or the failing change was refused. */
  recovered(sender: Sender): void {
    if (this.#state !== 'failing') return;
    this.#failing.delete(sender);
    if (this.#failing.size === 0 && this.#breaker.state === 'closed') this.#recovered();
  }

  /** From now on `take` of the result tells whether other changes are accepted where `change` goes. */
  watchOthers(placeOf: (change: RoutedEvent) => string, change: RoutedEvent): OthersAccepted {
    const place = placeOf(change);
    const watch: Watch = { isSamePlace: (other) => placeOf(other) === place, accepted: false };
    this.#watches.add(watch);
    return {
      take: () => {
        const { accepted } = watch;
        watch.accepted = false;
        return accepted;
      },
      [Symbol.dispose]: () => void this.#watches.delete(watch),
    };
  }

  /** Its breaker has another state now. */
  breakerChanged({ state, hasTooManyRefusals }: Pick<CircuitBreaker, 'state' | 'hasTooManyRefusals'>): void {
    const since = this.#breaker.since ?? new Date(this.#clock.wallMs()).toISOString();
    this.#breaker = { state, since: state === 'closed' ? null : since };
    this.#metrics.breaker.set(breakerLevels[state]);
    if (state === 'open' && hasTooManyRefusals) this.#tooManyRefusals();
    if (state === 'closed' && this.#state === 'failing' && this.#failing.size === 0) this.#recovered();
  }

  /** The sender publishes no more: its failure does not count any longer. */
  forget(sender: Sender): void {
    this.#failing.delete(sender);
  }

  /** It has accepted these, in an attempt that may have failed for others. */
  accepted(events: readonly RoutedEvent[]): void {
    if (events.length === 0) return;
    this.#delivered += events.length;
    if (this.#watches.size > 0) this.#tellWatches(events);
    this.#metrics.delivered.inc(events.length);
    const nowMs = this.#clock.wallMs();
    let [committedAt, seconds] = ['', 0];
    for (const { event } of events) {
      // The age of a replayed change says how long it lay in the dead-letter queue.
      if (event.metadata.replay !== undefined) continue;
      // Changes of one transaction have one time.
      if (event.metadata.committedAt !== committedAt) {
        committedAt = event.metadata.committedAt;
        seconds = Math.max(0, nowMs - Date.parse(committedAt)) / 1000;
      }
      this.#metrics.latencySeconds.observe(seconds);
    }
    if (committedAt !== '') this.#latencySeconds = seconds;
  }

  /** Refused changes of a required output: their messages will be dead-lettered. */
  refused(changes: number): void {
    this.#refused += changes;
  }

  /** Changes that an output that is not required will not get. */
  dropped(reason: DropReason, changes: number): void {
    if (reason === 'refused') this.#refused += changes;
    else this.#dropped += changes;
    this.#metrics.dropped(reason, changes);
  }

  /** Refused changes whose message was dead-lettered. */
  deadLettered(changes: number): void {
    this.#metrics.deadLettered.inc(changes);
  }

  /** More changes wait, or (negative) fewer. */
  waiting(changes: number, bytes: number): void {
    this.#waitingChanges += changes;
    this.#waitingBytes += bytes;
    this.#metrics.waitingChanges.set(this.#waitingChanges);
    this.#metrics.waitingBytes.set(this.#waitingBytes);
  }

  report(): OutputReport {
    const { name, type, required, bufferBytes } = this.output;
    return {
      name,
      type,
      required,
      state: this.#state,
      failing: this.#error === undefined ? null : failureOf(this.#error, this.#sinceMs),
      delivered: this.#delivered,
      failedAttempts: this.#failedAttempts,
      breaker: this.#breaker,
      waiting: { changes: this.#waitingChanges, bytes: this.#waitingBytes },
      bufferBytes: required ? null : bufferBytes,
      dropped: this.#dropped,
      refused: this.#refused,
      latencySeconds: this.#latencySeconds,
    };
  }

  #tellWatches(events: readonly RoutedEvent[]): void {
    for (const watch of this.#watches) watch.accepted ||= events.some(watch.isSamePlace);
  }

  #recovered(): void {
    this.#publishing.succeeded();
    this.#setWorking();
  }

  /** Whatever is sent may be refused: a wrong key, a wrong address. Changes are tried slowly until one is accepted. */
  #tooManyRefusals(): void {
    const what = `output ${this.output.name} refuses one change after the other; check its configuration`;
    const error = new DStreamError('Rejected', what);
    this.#publishing.failed(error);
    this.#setFailure('failing', error);
  }

  #setFailure(state: OutputState, error: DStreamError): void {
    if (this.isClosed) return;
    if (this.#error === undefined) this.#sinceMs = this.#clock.wallMs();
    [this.#state, this.#error] = [state, error];
    this.#metrics.up.set(0);
  }

  #setWorking(): void {
    if (this.isClosed) return;
    [this.#state, this.#error] = ['working', undefined];
    this.#metrics.up.set(1);
  }
}

function failureOf({ code, message }: DStreamError, sinceMs: number): OutputFailure {
  return { since: new Date(sinceMs).toISOString(), code, reason: message };
}
