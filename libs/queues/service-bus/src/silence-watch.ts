import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { Clock } from '@dstream/core';
import { unlessAborted } from '@dstream/async';
import type { ReceiverPort } from './receiver.ts';

/** Options of a `SilenceWatch`. */
export interface SilenceWatchOptions {
  readonly port: Pick<ReceiverPort, 'peekMessages'>;
  readonly clock: Clock;
  /** Milliseconds without an arrival after which the queue is peeked. */
  readonly silenceMs: number;
  /** Whether the broker has credit: without any, silence is expected. */
  readonly isAsking: () => boolean;
}

/** Number of messages that are peeked: deferred ones may be before one that should have arrived. */
const peekCount = 16;

/**
 * Detects a session receiver that stopped delivering without an error (azure-sdk-for-js #4140, #7689, #15383): it
 * has credit, a message waits after the last one that arrived, and that is still so at the next check.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #sinceMs: number;
  #lastMs: number;
  #lastSequence: ServiceBusReceivedMessage['sequenceNumber'];
  #arrivals = 0;
  #suspectedAt: number | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
    this.#sinceMs = this.#lastMs = options.clock.monotonicMs();
  }

  arrived(message: ServiceBusReceivedMessage): void {
    this.#lastMs = this.#options.clock.monotonicMs();
    this.#lastSequence = message.sequenceNumber ?? this.#lastSequence;
    this.#arrivals += 1;
  }

  /** No message has arrived since the session was accepted, so many milliseconds ago or more. */
  hasReceivedNothing(ms: number): boolean {
    return this.#arrivals === 0 && this.#options.clock.monotonicMs() - this.#sinceMs >= ms;
  }

  /** The broker has credit again: the silence begins now. */
  resumed(): void {
    this.#lastMs = this.#options.clock.monotonicMs();
  }

  /** Called periodically. True when the receiver stalled; a peek that fails proves nothing. */
  async isSilent(signal: AbortSignal): Promise<boolean> {
    const { clock, silenceMs, isAsking } = this.#options;
    if (clock.monotonicMs() - this.#lastMs < silenceMs || !isAsking()) return false;
    const before = this.#arrivals;
    const waits = await unlessAborted(this.#somethingWaits(), signal);
    if (!waits || this.#arrivals !== before) {
      this.#suspectedAt = undefined;
      if (!waits) this.#lastMs = clock.monotonicMs();
      return false;
    }
    if (this.#suspectedAt === before) return true;
    this.#suspectedAt = before;
    return false;
  }

  async #somethingWaits(): Promise<boolean> {
    const last = this.#lastSequence;
    const options = last === undefined ? {} : { fromSequenceNumber: last.add(1) };
    try {
      const peeked = await this.#options.port.peekMessages(peekCount, options);
      return peeked.some(({ state }) => state === 'active');
    } catch {
      // The lock's renewal uses the same connection, and ends the session when it stays broken.
      return false;
    }
  }
}
