import type { Clock, Log, ReceiveLimits } from '@dstream/core';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Reaching } from './reaching.ts';

export interface SourceOptions {
  /** For messages: `subscription dstream of topic ingest-topic`. */
  readonly entity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Where deliveries wait to be handed out. */
  readonly queue: DeliveryQueue;
  readonly lockDurationMs: number;
  readonly silenceMs: number;
  /** Longest wait for the answer to a settlement, a load or a save. */
  readonly answerMs: number;
}

/** Where deliveries come from: sessions, or one plain receiver. */
export interface Source {
  /** Fills the queue until `signal` aborts (rejects with its reason) or a person must act (rejects with a fatal). */
  run(signal: AbortSignal, reaching: Reaching, limits: ReceiveLimits): Promise<void>;
  /** Gives everything back and closes every connection. Rejects with what failed to close. */
  dispose(): Promise<void>;
}
