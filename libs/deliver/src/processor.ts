/**
 * Brings the messages of a subscription to the outputs, sessions side by side. Connecting (every required output) →
 * receiving: each delivery goes to the worker of its session → draining: nothing new is taken, every worker finishes
 * what it has begun, saves and gives its session back; then what waits for outputs that are not required is sent.
 */
import {
  asDStreamError,
  type Delivery,
  type Service,
  type SessionHold,
  type StopSignals,
} from '@dstream/core';
import { withAny } from '@dstream/async';
import type { Activity } from '@dstream/runtime';
import { HoleRecord } from './holes.ts';
import { Outputs } from './outputs.ts';
import { Places } from './places.ts';
import type { ProcessorParts } from './processor-parts.ts';
import type { ProcessorReport } from './processor-report.ts';
import { SessionWorker, type WorkerOptions } from './session-worker.ts';
import { UnsavedProgress } from './unsaved-progress.ts';

interface Running {
  readonly worker: SessionWorker;
  readonly ended: Promise<void>;
}

export class Processor implements Service {
  readonly name = 'processor';
  readonly #parts: ProcessorParts;
  readonly #outputs: Outputs;
  readonly #places: Places;
  readonly #unsaved: UnsavedProgress;
  readonly #holes: HoleRecord;
  readonly #running = new Map<SessionHold | undefined, Running>();
  readonly #failed = new AbortController();
  #ready = false;
  #saidCrowded = false;

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
    this.#outputs = new Outputs(parts);
    this.#holes = new HoleRecord(parts.clock, parts.metrics);
    this.#places = new Places(parts.settings.maxSessions, () => this.#sayCrowded());
    this.#unsaved = new UnsavedProgress(parts.settings.rememberedSessions);
  }

  /** True once every required output and the subscription were reached: from then on it waits for whatever fails. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Rejects before the first success with what a person must mend, and with OutputClosed. */
  async run(stop: StopSignals): Promise<void> {
    // What ends the process drains the other workers too.
    const draining = AbortSignal.any([stop.draining, this.#failed.signal]);
    const { aborted } = stop;
    try {
      await withAny([draining, aborted], (signal) => this.#receive(signal, { draining, aborted }));
    } catch (error) {
      if (!draining.aborted) this.#failed.abort(asDStreamError(error));
    } finally {
      this.#ready = false;
      await Promise.all([...this.#running.values()].map(({ ended }) => ended));
      await this.#outputs.finish();
    }
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
  }

  async #receive(signal: AbortSignal, stop: StopSignals): Promise<void> {
    const { subscription, source, settings, log, instance } = this.#parts;
    await this.#outputs.connect(signal, stop);
    const reached = () => {
      this.#ready = true;
      log.info('connected', { to: `subscription ${source}` });
      log.info('processor is working', { instance });
    };
    const { maxInFlight, maxBytes } = settings;
    for await (const delivery of subscription.receive({ signal, maxInFlight, maxBytes, reached })) {
      this.#workerFor(delivery, stop).push(delivery);
    }
  }

  #workerFor(delivery: Delivery, stop: StopSignals): SessionWorker {
    const key = delivery.session;
    const running = this.#running.get(key);
    if (running !== undefined) return running.worker;
    const worker = new SessionWorker(key, this.#shared(stop));
    const ended = worker
      .run(this.#workerOf(key?.id)?.finished)
      .catch((error: unknown) => this.#failed.abort(asDStreamError(error)))
      .finally(() => this.#running.delete(key))
      .finally(() => this.#parts.metrics.sessions(this.#running.size));
    this.#running.set(key, { worker, ended });
    this.#parts.metrics.sessions(this.#running.size);
    return worker;
  }

  #shared(stop: StopSignals): WorkerOptions {
    const [parts, outputs, places, unsaved, holes] = [
      this.#parts,
      this.#outputs,
      this.#places,
      this.#unsaved,
      this.#holes,
    ];
    return { parts, outputs, stop, places, unsaved, holes };
  }

  /** The one that has, or has just lost, a session. */
  #workerOf(sessionId: string | undefined): SessionWorker | undefined {
    if (sessionId === undefined) return undefined;
    return [...this.#running.values()].map(({ worker }) => worker).findLast((w) => w.sessionId === sessionId);
  }

  #sayCrowded(): void {
    if (this.#saidCrowded) return;
    this.#saidCrowded = true;
    const { settings, log } = this.#parts;
    const advice = 'sessions take turns: raise max_sessions or add a replica';
    log.warn(`all sessions that may be held are held, ${advice}`, { maxSessions: settings.maxSessions });
  }

  /** Changes delivered since the start, by output. */
  activity(): Activity {
    return Object.fromEntries(this.#outputs.report().map(({ name, delivered }) => [name, delivered]));
  }

  /** For `/status`. */
  report(): ProcessorReport {
    const sessions = [...this.#running.keys()].flatMap((hold) => (hold === undefined ? [] : [hold.id]));
    const { instance } = this.#parts;
    const { report: holes } = this.#holes;
    return { instance, ready: this.#ready, sessions, holes, outputs: this.#outputs.report() };
  }
}
