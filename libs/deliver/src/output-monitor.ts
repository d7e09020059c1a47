/**
 * What is seen of one output: its state, its counts and its outages, for all sessions that publish to it together. One
 * outage is one line, however many sessions wait for it: it begins with the first that fails and ends when one succeeds
 * and none fails any more.
 */
import type { Clock, DStreamError, Log, LogFields, RoutedEvent } from '@dstream/core';
import { FailureLog } from '@dstream/async';
import type { DropReason, OutputMetrics } from './processor-metrics.ts';
import type { Output } from './processor-parts.ts';
import type { OutputReport, OutputState } from './processor-report.ts';

export interface MonitorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: OutputMetrics;
}

/** Whoever publishes: a session, or its part of a buffer. */
export type Sender = object;

export class OutputMonitor {
  readonly output: Output;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: OutputMetrics;
  readonly #connecting: FailureLog;
  readonly #publishing: FailureLog;
  readonly #failing = new Set<Sender>();
  #state: OutputState = 'connecting';
  #sinceMs = 0;
  #error: DStreamError | undefined;
  #delivered = 0;
  #failedAttempts = 0;
  #waitingChanges = 0;
  #waitingBytes = 0;
  #dropped = 0;
  #refused = 0;
  #latencySeconds: number | null = null;

  constructor(output: Output, { clock, log, metrics }: MonitorOptions) {
    this.output = output;
    this.#clock = clock;
    this.#log = log;
    this.#metrics = metrics;
    this.#connecting = new FailureLog(`connecting to output ${output.name}`, log, clock);
    this.#publishing = new FailureLog(`publishing to ${output.name}`, log, clock);
    metrics.up(false);
    metrics.waiting(0, 0);
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What `retrying` tells about attempts to connect. */
  get connecting(): Pick<FailureLog, 'failed' | 'succeeded'> {
    return {
      failed: (error) => {
        this.#connecting.failed(error);
        this.#wentWrong('connecting', error);
      },
      succeeded: () => {
        this.#connecting.succeeded();
        this.#log.info('connected', { to: `output ${this.output.name}` });
        this.#wentWell();
      },
    };
  }

  /** It will never take anything again. */
  closed(error: DStreamError): void {
    this.#wentWrong('closed', error);
  }

  /** Changes it has accepted. */
  get delivered(): number {
    return this.#delivered;
  }

  /** @param about which change was the first that was not accepted */
  failed(sender: Sender, error: DStreamError, about: LogFields = {}): void {
    this.#failedAttempts += 1;
    this.#metrics.failed(error.code);
    this.#failing.add(sender);
    this.#publishing.failed(error, about);
    this.#wentWrong('failing', error);
  }

  /** @param startedMs monotonic */
  succeeded(sender: Sender, events: readonly RoutedEvent[], startedMs: number): void {
    this.#metrics.published((this.#clock.monotonicMs() - startedMs) / 1000);
    this.accepted(events);
    this.recovered(sender);
  }

  /** Nothing fails any more for this sender: it succeeded, or it was a change of its that failed. */
  recovered(sender: Sender): void {
    if (this.#state !== 'failing') return;
    this.#failing.delete(sender);
    if (this.#failing.size > 0) return;
    this.#publishing.succeeded();
    this.#wentWell();
  }

  /** The sender is gone: whether it would still fail nobody knows. */
  forget(sender: Sender): void {
    this.#failing.delete(sender);
  }

  accepted(events: readonly RoutedEvent[]): void {
    this.#delivered += events.length;
    this.#metrics.delivered(events.length);
    const nowMs = this.#clock.wallMs();
    let [committedAt, seconds] = ['', 0];
    for (const { event } of events) {
      // Changes of one transaction have one time.
      if (event.metadata.committedAt !== committedAt) {
        committedAt = event.metadata.committedAt;
        seconds = Math.max(0, nowMs - Date.parse(committedAt)) / 1000;
      }
      this.#metrics.latency(seconds);
    }
    if (events.length > 0) this.#latencySeconds = seconds;
  }

  /** Changes of a required output; they are set aside. */
  refused(changes: number): void {
    this.#refused += changes;
  }

  /** Changes that an output that is not required will not have. */
  dropped(reason: DropReason, changes: number): void {
    if (reason === 'refused') this.#refused += changes;
    else this.#dropped += changes;
    this.#metrics.dropped(reason, changes);
  }

  deadLettered(changes: number): void {
    this.#metrics.deadLettered(changes);
  }

  /** More of them wait, or less. */
  waiting(changes: number, bytes: number): void {
    this.#waitingChanges += changes;
    this.#waitingBytes += bytes;
    this.#metrics.waiting(this.#waitingChanges, this.#waitingBytes);
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
      waiting: { changes: this.#waitingChanges, bytes: this.#waitingBytes },
      bufferBytes: required ? null : bufferBytes,
      dropped: this.#dropped,
      refused: this.#refused,
      latencySeconds: this.#latencySeconds,
    };
  }

  #wentWrong(state: OutputState, error: DStreamError): void {
    if (this.isClosed) return;
    if (this.#error === undefined) this.#sinceMs = this.#clock.wallMs();
    [this.#state, this.#error] = [state, error];
    this.#metrics.up(false);
  }

  #wentWell(): void {
    if (this.isClosed) return;
    [this.#state, this.#error] = ['working', undefined];
    this.#metrics.up(true);
  }
}

function failureOf({ code, message }: DStreamError, sinceMs: number) {
  return { since: new Date(sinceMs).toISOString(), code, reason: message };
}
