/**
 * Reaches one required output. The processor starts when each has been tried and one is reached: an output that is unavailable at
 * the start, too, holds up only what is meant for it. Until the start a person must fix what `fatal` errors say; after it
 * they are waited for, like any outage.
 */
import type { DStreamError, StopSignals } from '@dstream/core';
import { retry, withAny } from '@dstream/async';
import type { OutputGate } from './output-gate.ts';
import type { ProcessorParts } from './processor-parts.ts';

/** The connection of one required output. */
export class RequiredConnection {
  readonly #gate: OutputGate;
  readonly #parts: Pick<ProcessorParts, 'clock' | 'random'>;
  readonly #tried = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();
  #isReached = false;
  #isStarted = false;

  constructor(gate: OutputGate, parts: Pick<ProcessorParts, 'clock' | 'random'>) {
    this.#gate = gate;
    this.#parts = parts;
    // Whoever does not wait for them any more does not miss their failures.
    for (const { promise } of [this.#tried, this.#reached]) promise.catch(() => undefined);
  }

  /** Resolves after the first attempt, unless a person must act: then it rejects. */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  /** Resolves when it is reached. Rejects with what a person must fix, or with the reason of the stop. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  /** From now on sessions wait for it, until it is reached. */
  started(): void {
    this.#isStarted = true;
    if (!this.#isReached) this.#gate.breaker.openUntilReached();
  }

  /** Called once. Never rejects; ends when it is reached, or at the stop. */
  async run({ draining, aborted }: StopSignals, reached: () => void): Promise<void> {
    try {
      await withAny([draining, aborted], (signal) => this.#connect(signal));
      this.#isReached = true;
      this.#gate.breaker.reached();
      this.#tried.resolve();
      this.#reached.resolve();
      reached();
    } catch (error) {
      this.#tried.reject(error);
      this.#reached.reject(error);
    }
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { output, monitor } = this.#gate;
    const failed = (error: DStreamError) => {
      monitor.connecting.failed(error);
      this.#tried.resolve();
    };
    const failureLog = { failed, succeeded: () => monitor.connecting.succeeded() };
    const again = ({ disposition }: DStreamError) => this.#isStarted || disposition === 'retry';
    await retry((attempt) => output.publisher.connect({ signal: attempt }), signal, {
      ...this.#parts,
      failureLog,
      again,
    });
  }
}
