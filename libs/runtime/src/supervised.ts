/**
 * Keeps a service running. Running → failed for a transient reason: its connections are closed, and after a back-off it is
 * opened again → running … → stopped; or failed for good: a person must act, or the process is stopping anyway.
 */
import { asDStreamError, type Clock, type DStreamError, type Log, type StopSignals } from '@dstream/core';
import { Backoff, FailureLog, pause } from '@dstream/async';
import type { Activity } from './activity-log.ts';
import type { RunningService } from './service-context.ts';

interface SupervisorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/** A service that has run for so long is not failing over and over: its next restart is a quick one. */
const steadyMs = 60_000;

/** Makes one life of a service. */
type Open = () => Promise<RunningService>;

/**
 * A service that is opened again, with a back-off of up to 30 s, whenever `run` rejects with a transient error.
 * @param open called once at first, so that what it rejects with is known at the start
 */
export async function supervised(open: Open, options: SupervisorOptions): Promise<RunningService> {
  return new Supervised(open, await open(), options);
}

class Supervised implements RunningService {
  readonly name: string;
  readonly #open: Open;
  readonly #options: SupervisorOptions;
  readonly #failures: FailureLog;
  readonly #backoff: Backoff;
  #life: RunningService;
  #restarting: DStreamError | undefined;

  constructor(open: Open, first: RunningService, options: SupervisorOptions) {
    this.#open = open;
    this.#options = options;
    this.#life = first;
    this.name = first.name;
    this.#failures = new FailureLog(`running the ${this.name}`, options.log, options.clock);
    this.#backoff = new Backoff({ firstMs: 1_000, maxMs: 30_000, random: options.random ?? Math.random });
  }

  /** Resolves when stopped. Rejects with what a person must fix, and with what fails while stopping. */
  async run(stop: StopSignals): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const startedMs = clock.monotonicMs();
      try {
        await this.#life.run(stop);
        return;
      } catch (caught) {
        const error = asDStreamError(caught);
        if (error.disposition === 'fatal' || stop.draining.aborted || stop.aborted.aborted) throw error;
        if (clock.monotonicMs() - startedMs >= steadyMs) this.#wasSteady();
        await this.#restart(error, stop);
      }
      if (stop.draining.aborted || stop.aborted.aborted) return;
    }
  }

  notReady(): string | undefined {
    const error = this.#restarting;
    return error === undefined ? this.#life.notReady() : `the ${this.name} failed; restarting: ${error.code}`;
  }

  isBlocked(): boolean {
    return this.#life.isBlocked();
  }

  /** Counts of the current life: they restart from 0 with the service. */
  activity(): Activity {
    return this.#life.activity();
  }

  status(): unknown {
    return this.#life.status();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#life[Symbol.asyncDispose]();
  }

  #wasSteady(): void {
    this.#failures.succeeded();
    this.#backoff.reset();
  }

  async #restart(error: DStreamError, { draining, aborted }: StopSignals): Promise<void> {
    this.#restarting = error;
    this.#failures.failed(error);
    await this.#close();
    await pause(this.#options.clock, this.#backoff.next(), draining, aborted);
    if (draining.aborted || aborted.aborted) return;
    this.#life = await this.#open();
    this.#restarting = undefined;
  }

  /** What was sent, settled and saved is safe by now: a connection that does not close ends by itself. */
  async #close(): Promise<void> {
    try {
      await this.#life[Symbol.asyncDispose]();
    } catch (error) {
      this.#options.log.warn('could not close all connections', { error: asDStreamError(error) });
    }
  }
}
