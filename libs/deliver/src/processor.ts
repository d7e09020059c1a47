/**
 * Brings the messages of a subscription to the outputs, sessions side by side. Connecting (every required output was tried, one is reached) →
 * receiving: each delivery goes to the worker of its session → draining: nothing new is taken, every worker finishes
 * what it has begun, saves and releases its session; then the buffers of outputs that are not required are emptied.
 */
import {
  asDStreamError,
  type Delivery,
  type LogFields,
  type Service,
  type SessionLock,
  type StopSignals,
} from '@dstream/core';
import { withAny } from '@dstream/async';
import type { Activity } from '@dstream/runtime';
import { MissingMessagesRecord, type HolesReport } from './missing-messages.ts';
import type { OutputReport } from './output-monitor.ts';
import { Outputs } from './outputs.ts';
import type { ProcessorParts } from './processor-parts.ts';
import { ReplayRecord, type ReplayReport } from './replay-record.ts';
import { SessionLimiter } from './session-limiter.ts';
import { UnsavedProgress } from './session-state.ts';
import { SessionWorker } from './session-worker.ts';
import { TransformMonitor, type TransformReport } from './transform-monitor.ts';

/** `/status` of a processor, as `dstream status` reads it. Stable: fields are added, none changes its meaning. */
export interface ProcessorReport {
  readonly instance: string;
  /** True while it receives messages: every required output and the subscription have been reached. */
  readonly ready: boolean;
  /** Ids of the sessions this replica holds. */
  readonly sessions: readonly string[];
  /** How many of them wait for an output that is not available. */
  readonly waitingSessions: number;
  /** Messages that the topic accepted and that never arrived, as far as other messages show. */
  readonly holes: HolesReport;
  /** Messages that were replayed from the dead-letter queue. */
  readonly replayed: ReplayReport;
  /** In the order of the configuration. */
  readonly outputs: readonly OutputReport[];
  /** In the order of the configuration. */
  readonly transforms: readonly TransformReport[];
}

interface Running {
  readonly worker: SessionWorker;
  readonly ended: Promise<void>;
}

/** One life of a processor; the supervisor makes a new one after a failure. */
export class Processor implements Service {
  readonly name = 'processor';
  readonly #parts: ProcessorParts;
  readonly #outputs: Outputs;
  readonly #transforms: readonly TransformMonitor[];
  readonly #limiter: SessionLimiter;
  readonly #unsaved: UnsavedProgress;
  readonly #missing: MissingMessagesRecord;
  readonly #replays: ReplayRecord;
  readonly #running = new Map<SessionLock | undefined, Running>();
  readonly #failed = new AbortController();
  #isSubscribed = false;
  readonly #loggedLimits = new Set<string>();

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
    this.#outputs = new Outputs(parts);
    const { clock, log, metrics } = parts;
    this.#transforms = parts.transforms.map(
      (one) => new TransformMonitor(one, { clock, log, metrics: metrics.transform(one.name) }),
    );
    this.#missing = new MissingMessagesRecord(parts.clock, parts.metrics);
    this.#replays = new ReplayRecord(parts.metrics);
    this.#limiter = this.#sessionLimiter();
    this.#unsaved = new UnsavedProgress(parts.settings.rememberedSessions);
  }

  /** True once every required output and the subscription were reached: from then on every failure is retried. */
  get ready(): boolean {
    return this.#isSubscribed && this.#outputs.areReached;
  }

  /** Rejects with OutputClosed, and before the first success with what a person must fix. */
  async run(stop: StopSignals): Promise<void> {
    // What ends the process drains the other workers too.
    const draining = AbortSignal.any([stop.draining, this.#failed.signal]);
    const { aborted } = stop;
    try {
      await withAny([draining, aborted], (signal) => this.#receive(signal, { draining, aborted }));
    } catch (error) {
      if (!draining.aborted) this.#failed.abort(asDStreamError(error));
    } finally {
      this.#isSubscribed = false;
      await Promise.all([...this.#running.values()].map(({ ended }) => ended));
      await this.#limiter.end();
      await this.#outputs.finish();
    }
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
  }

  async #receive(signal: AbortSignal, stop: StopSignals): Promise<void> {
    const { subscription, source, settings, log } = this.#parts;
    await this.#outputs.connect(stop, () => this.#reportReady());
    const reached = () => {
      this.#isSubscribed = true;
      log.info('connected', { to: `subscription ${source}` });
      this.#reportReady();
    };
    const { maxInFlight, maxBytes } = settings;
    const oneAtFirst = (id: string) => !this.#outputs.areAvailable || this.#limiter.wasWaiting(id);
    const options = { signal, maxInFlight, maxBytes, reached, oneAtFirst };
    for await (const delivery of subscription.receive(options)) {
      this.#workerFor(delivery, stop).push(delivery);
    }
  }

  #workerFor(delivery: Delivery, stop: StopSignals): SessionWorker {
    const key = delivery.session;
    const running = this.#running.get(key);
    if (running !== undefined) return running.worker;
    const worker = new SessionWorker(key, {
      parts: this.#parts,
      outputs: this.#outputs,
      transforms: this.#transforms,
      stop,
      limiter: this.#limiter,
      unsaved: this.#unsaved,
      missing: this.#missing,
      replays: this.#replays,
    });
    const ended = worker
      .run(this.#workerOf(key?.id)?.finished)
      .catch((error: unknown) => this.#failed.abort(asDStreamError(error)))
      .finally(() => this.#running.delete(key))
      .finally(() => this.#parts.metrics.sessions.set(this.#running.size));
    this.#running.set(key, { worker, ended });
    this.#parts.metrics.sessions.set(this.#running.size);
    return worker;
  }

  /** The worker that has, or has just lost, a session. */
  #workerOf(sessionId: string | undefined): SessionWorker | undefined {
    if (sessionId === undefined) return undefined;
    return [...this.#running.values()].map(({ worker }) => worker).findLast((w) => w.sessionId === sessionId);
  }

  #reportReady(): void {
    const { log, instance } = this.#parts;
    if (this.ready) log.info('processor ready', { instance });
  }

  #sessionLimiter(): SessionLimiter {
    const { clock, log, metrics, settings } = this.#parts;
    const { maxSessions, maxWaitingSessions, maxBytes, maxHoldOverLimitMs, rememberedSessions } = settings;
    const warn = (sentence: string, fields: LogFields) => {
      if (!this.#loggedLimits.has(sentence)) log.warn(sentence, fields);
      this.#loggedLimits.add(sentence);
    };
    return new SessionLimiter({
      maxSessions,
      maxWaiting: maxWaitingSessions,
      maxWaitingBytes: maxBytes,
      minWaitMs: maxHoldOverLimitMs,
      remembered: rememberedSessions,
      clock,
      exceeded: () =>
        warn('session limit reached; rotating sessions: raise max_sessions or add a replica', {
          maxSessions,
        }),
      waitingExceeded: () =>
        warn('limit of waiting sessions reached; rotating them: an output is unavailable', {
          maxWaitingSessions,
        }),
      waitingChanged: (sessions) => metrics.sessionsWaiting.set(sessions),
    });
  }

  /** Changes delivered since the start, by output. */
  activity(): Activity {
    return Object.fromEntries(this.#outputs.report().map(({ name, delivered }) => [name, delivered]));
  }

  /** The part of `/status` about this processor. */
  report(): ProcessorReport {
    const sessions = [...this.#running.keys()].flatMap((lock) => (lock === undefined ? [] : [lock.id]));
    const { instance } = this.#parts;
    const { report: holes } = this.#missing;
    const outputs = this.#outputs.report();
    const transforms = this.#transforms.map((transform) => transform.report());
    const { report: replayed } = this.#replays;
    const { waiting: waitingSessions } = this.#limiter;
    return { instance, ready: this.ready, sessions, waitingSessions, holes, replayed, outputs, transforms };
  }
}
