import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { Clock } from '@dstream/core';
import type { ReceiverPort } from './receiver-port.ts';
import { unlessAborted } from './time-limit.ts';

export interface SilenceWatchOptions {
  readonly port: Pick<ReceiverPort, 'peekMessages'>;
  readonly clock: Clock;
  /** Milliseconds without an arrival after which the queue is looked at. */
  readonly silenceMs: number;
  /** How many messages the receiver may have unsettled: at this many it is right to be silent. */
  readonly capacity: number;
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
  #unsettled = 0;
  #arrivals = 0;
  #suspectedAt: number | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
    this.#sinceMs = this.#lastMs = options.clock.monotonicMs();
  }

  arrived(message: ServiceBusReceivedMessage): void {
    this.#lastMs = this.#options.clock.monotonicMs();
    this.#lastSequence = message.sequenceNumber ?? this.#lastSequence;
    this.#unsettled += 1;
    this.#arrivals += 1;
  }

  /** No message has come in so many milliseconds since the session was accepted. */
  cameForNothing(ms: number): boolean {
    return this.#arrivals === 0 && this.#options.clock.monotonicMs() - this.#sinceMs >= ms;
  }

  settled(): void {
    // From full to not full the broker gets its time anew.
    if (this.#unsettled >= this.#options.capacity) this.#lastMs = this.#options.clock.monotonicMs();
    this.#unsettled -= 1;
  }

  /** To be called now and then. True when the receiver is silent; a look that fails says nothing. */
  async isSilent(signal: AbortSignal): Promise<boolean> {
    const { clock, silenceMs, capacity } = this.#options;
    if (clock.monotonicMs() - this.#lastMs < silenceMs || this.#unsettled >= capacity) return false;
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
