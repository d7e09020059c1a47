import type { Clock, Hash, Log, Publisher, Subscription } from '@dstream/core';
import type { ProcessorMetrics } from './processor-metrics.ts';

/** One configured output: where changes go, under the name that configuration and status use. */
export interface Output {
  readonly name: string;
  /** Kind of destination: `console`, … */
  readonly type: string;
  /** False: messages do not wait for it. */
  readonly required: boolean;
  /** Bytes that wait for it when it is not required, at most. */
  readonly bufferBytes: number;
  readonly publisher: Publisher;
}

/** Everything a processor is made of. Built in `compose.ts`, or by a test. */
export interface ProcessorParts {
  readonly instance: string;
  readonly subscription: Subscription;
  /** What the subscription is called in the log. */
  readonly source: string;
  readonly outputs: readonly Output[];
  readonly clock: Clock;
  readonly log: Log;
  readonly hash: Hash;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly metrics: ProcessorMetrics;
  readonly settings: ProcessorSettings;
}

export interface ProcessorSettings {
  /** Messages of one session that are handed out and not yet settled, at most. */
  readonly maxInFlight: number;
  /** What messages take in memory that were received and are not settled, of all sessions. */
  readonly maxBytes: number;
  /** How much later than the settlement a session's state may be saved. */
  readonly stateIntervalMs: number;
  /** A session without messages for this long is given back. */
  readonly idleMs: number;
  /** A session is given back after this long even when it is busy, so that one that waits has its turn. */
  readonly maxHoldMs: number;
  /** Sessions that may stay. One that comes above it has waited for its turn, and another one makes room. */
  readonly maxSessions: number;
  /** The same two while sessions wait: the first one is more than a message that follows takes to come. */
  readonly idleWhenCrowdedMs: number;
  readonly maxHoldWhenCrowdedMs: number;
  /** How long a session is held whose generation lies ahead of our clock, at most. */
  readonly clockToleranceMs: number;
  /** What becomes of a hole among the messages of a session; `ignore` where the subscription filters. */
  readonly onHole: 'log' | 'gap' | 'ignore';
  /** Change ids remembered where there are no sessions. */
  readonly rememberedIds: number;
  /** Sessions whose progress is remembered when they ended before it was saved. */
  readonly rememberedSessions: number;
}

export const defaultProcessorSettings: ProcessorSettings = {
  maxInFlight: 16,
  maxBytes: 67_108_864,
  stateIntervalMs: 1_000,
  idleMs: 10_000,
  maxHoldMs: 60_000,
  maxSessions: 32,
  idleWhenCrowdedMs: 50,
  maxHoldWhenCrowdedMs: 2_000,
  clockToleranceMs: 600_000,
  onHole: 'log',
  rememberedIds: 10_000,
  rememberedSessions: 10_000,
};
