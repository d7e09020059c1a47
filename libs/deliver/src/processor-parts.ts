import type { Clock, Hash, Log, Publisher, Subscription } from '@dstream/core';
import { retryWaits } from '@dstream/async';
import type { ProcessorMetrics } from './processor-metrics.ts';
import type { RoutingRules } from './router.ts';
import type { ConfiguredTransform } from './transform-monitor.ts';

/** First and longest wait after a failed attempt to publish. */
export const publishWaits = { ...retryWaits, firstMs: 200 };

/** One configured output: where changes go, under the name that configuration and status use. */
export interface Output {
  readonly name: string;
  /** Kind of destination: `console`, … */
  readonly type: string;
  /** False: messages do not wait for it. */
  readonly required: boolean;
  /** Capacity of its buffer when it is not required. */
  readonly bufferBytes: number;
  /** Calls of its publisher at a time, over all sessions. Undefined: as many as there are sessions. */
  readonly maxInFlight?: number | undefined;
  /** Longest time of one call, milliseconds. Undefined: as long as the publisher takes. */
  readonly timeoutMs?: number | undefined;
  /** First and longest wait after a failed attempt, milliseconds; `publishWaits` when not given. */
  readonly retry?: { readonly firstMs: number; readonly maxMs: number } | undefined;
  readonly publisher: Publisher;
}

/** Everything a processor is made of. Built by `apps/processor`, or by a test. */
export interface ProcessorParts {
  readonly instance: string;
  readonly subscription: Subscription;
  /** Name of the subscription in the log. */
  readonly source: string;
  /** Its name alone: what was replayed for another subscription of the topic is not delivered. */
  readonly subscriptionName: string;
  readonly outputs: readonly Output[];
  /** In the order in which they are applied. */
  readonly transforms: readonly ConfiguredTransform[];
  readonly routing: RoutingRules;
  readonly clock: Clock;
  readonly log: Log;
  readonly hash: Hash;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly metrics: ProcessorMetrics;
  readonly settings: ProcessorSettings;
}

/** Limits and intervals of a processor. */
export interface ProcessorSettings {
  /** Messages of one session that are handed out and not yet settled, at most. */
  readonly maxInFlight: number;
  /** Memory that received and not yet settled messages of all sessions may take, bytes. */
  readonly maxBytes: number;
  /** Longest time between a settlement and the save of its session's progress. */
  readonly stateIntervalMs: number;
  /** A session without messages for this long is released. */
  readonly idleMs: number;
  /** A session is released after this long even when it is busy, so that other replicas have their turn. */
  readonly maxHoldMs: number;
  /** Sessions that may stay. One that is accepted above it has waited for its turn, and another one is evicted. */
  readonly maxSessions: number;
  /** Sessions that wait for an output and do not count against `maxSessions`, at most. */
  readonly maxWaitingSessions: number;
  /** `idleMs` and `maxHoldMs` while sessions wait. The first is longer than a following message takes to arrive. */
  readonly idleOverLimitMs: number;
  readonly maxHoldOverLimitMs: number;
  /** Longest time for which a session is held whose generation is ahead of our clock. */
  readonly clockToleranceMs: number;
  /** What happens when messages of a session are missing; `ignore` where the subscription filters. */
  readonly onHole: 'log' | 'gap' | 'ignore';
  /** Change ids that are remembered where there are no sessions. */
  readonly rememberedIds: number;
  /** Sessions whose progress is remembered because they ended before it was saved. */
  readonly rememberedSessions: number;
}

/** Settings of a configuration that sets none of them. */
export const defaultProcessorSettings: ProcessorSettings = {
  maxInFlight: 16,
  maxBytes: 67_108_864,
  stateIntervalMs: 1_000,
  idleMs: 10_000,
  maxHoldMs: 60_000,
  maxSessions: 32,
  maxWaitingSessions: 256,
  idleOverLimitMs: 50,
  maxHoldOverLimitMs: 2_000,
  clockToleranceMs: 600_000,
  onHole: 'log',
  rememberedIds: 10_000,
  rememberedSessions: 10_000,
};
