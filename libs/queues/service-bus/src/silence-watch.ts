import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { Clock } from '@dstream/core';
import { unlessAborted } from '@dstream/service-bus/amqp';
import type { ReceiverPort } from './receiver-port.ts';

export interface SilenceWatchOptions {
  readonly port: Pick<ReceiverPort, 'peekMessages'>;
  readonly clock: Clock;
  /** Milliseconds without an arrival after which the queue is looked at. */
  readonly silenceMs: number;
  /** Whether the broker has credit: without any it is right to be silent. */
  readonly isAsking: () => boolean;
}

/** How many messages a look takes: deferred ones may stand before one that should have come. */
const peekCount = 16;

/**
 * Notices a session receiver that stopped delivering without an error (azure-sdk-for-js #4140, #7689, #15383): it
 * has room, a message waits behind the last one that came, and that is still so at the next look.
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

  /** No message has come in so many milliseconds since the session was accepted. */
  cameForNothing(ms: number): boolean {
    return this.#arrivals === 0 && this.#options.clock.monotonicMs() - this.#sinceMs >= ms;
  }

  /** The broker has credit again: it gets its time anew. */
  resumed(): void {
    this.#lastMs = this.#options.clock.monotonicMs();
  }

  /** To be called now and then. True when the receiver is silent; a look that fails says nothing. */
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
      // The lock's renewal goes the same way and ends the session when this is more than a hiccup.
      return false;
    }
  }
}
