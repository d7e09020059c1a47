/** What every attempt to publish to one output passes, whoever makes it: how many at a time, how long each, and the breaker. */
import { DStreamError, type RoutedEvent } from '@dstream/core';
import { onAbort, Semaphore, SharedTimeout } from '@dstream/async';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { OutputMonitor } from './output-monitor.ts';
import { publishWaits, type Output, type ProcessorParts } from './processor-parts.ts';

/** One output, for all sessions that publish to it. To be disposed of when nothing is published any more. */
export class OutputGate implements AsyncDisposable {
  readonly output: Output;
  readonly monitor: OutputMonitor;
  readonly breaker: CircuitBreaker;
  readonly #permits: Semaphore | undefined;
  readonly #timeout: SharedTimeout | undefined;

  constructor(monitor: OutputMonitor, { clock, random }: Pick<ProcessorParts, 'clock' | 'random'>) {
    const { output } = monitor;
    const { maxInFlight, timeoutMs, retry = publishWaits } = output;
    this.output = output;
    this.monitor = monitor;
    this.breaker = new CircuitBreaker({ ...retry, clock, random, changed: () => this.#changed() });
    this.#permits = maxInFlight === undefined ? undefined : new Semaphore(maxInFlight);
    this.#timeout = timeoutMs === undefined ? undefined : new SharedTimeout(clock, timeoutMs);
  }

  /** Runs `attempt` when fewer than `maxInFlight` run. Rejects with `signal.reason`, without starting it, on abort before that. */
  admit<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return this.#permits === undefined ? attempt() : this.#permits.run(signal, attempt);
  }

  /** One call of the publisher. Rejects with TimedOut when it takes longer than the output's `timeout`. */
  async publish(changes: readonly RoutedEvent[], signal: AbortSignal): Promise<void> {
    const { publisher } = this.output;
    if (this.#timeout === undefined) return publisher.publish(changes, { signal });
    const stop = new AbortController();
    const removeListener = onAbort(signal, () => stop.abort(signal.reason));
    const call = async () => publisher.publish(changes, { signal: stop.signal });
    try {
      await this.#timeout.run(signal, () => this.#late(), call);
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      removeListener();
    }
  }

  /** Where a change goes, as far as the output tells destinations apart. */
  destinationOf(change: RoutedEvent): string {
    return this.output.publisher.destinationOf?.(change) ?? change.destination ?? '';
  }

  /** Whether a failure says something about the whole output: one destination of several does not. */
  concernsAll({ code }: DStreamError): boolean {
    return code !== 'DestinationUnusable' || this.output.publisher.destinationOf === undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#timeout?.dispose();
  }

  #late(): DStreamError {
    const { name, timeoutMs } = this.output;
    return new DStreamError(
      'TimedOut',
      `output ${name} did not answer within its timeout of ${timeoutMs} ms`,
    );
  }

  #changed(): void {
    this.monitor.breakerChanged(this.breaker);
  }
}
