/** What becomes of the messages of one session: decode → drop repeats → transform → route → publish → settle → remember. */
import {
  isReplayFor,
  type Delivery,
  type Log,
  type Progress,
  type SessionLock,
  type StampedEvent,
} from '@dstream/core';
import { FailureLog, type RetryOptions } from '@dstream/async';
import { decodeMessage, fieldsOf, type DecodedChange } from './decode-message.ts';
import { undelivered, type Deduplicator, type OutdatedChangeLog } from './deduplicator.ts';
import {
  failuresOf,
  judgeReplay,
  outcomeOf,
  transformFailuresOf,
  type DecodedDelivery,
  type Judged,
  type Outcome,
} from './message-outcome.ts';
import {
  gapEvent,
  type MissingMessages,
  type MissingMessagesDetector,
  type MissingMessagesRecord,
} from './missing-messages.ts';
import type { Outputs, Published } from './outputs.ts';
import type { ProcessorParts } from './processor-parts.ts';
import type { PublishCall } from './publish-in-order.ts';
import type { ReplayRecord } from './replay-record.ts';
import { Router } from './router.ts';
import { reasonOf, settle } from './settle.ts';
import { TransformChain, type PreparedChanges } from './transform-chain.ts';
import type { TransformMonitor } from './transform-monitor.ts';

/** Options of a `DeliveryStep`. */
export interface DeliveryStepOptions {
  readonly parts: ProcessorParts;
  readonly outputs: Outputs;
  readonly transforms: readonly TransformMonitor[];
  readonly session: StepSession;
  readonly records: StepRecords;
}

/** The session that a step works for, or all messages where there are none. */
export interface StepSession {
  readonly lock: SessionLock | undefined;
  readonly deduplicator: Deduplicator;
  /** Undefined where messages are not expected to follow each other: without sessions, or after a filter. */
  readonly detector: MissingMessagesDetector | undefined;
  readonly log: Log;
  /** Once it aborts nothing is tried again: what is not settled is released. */
  readonly giveUp: AbortSignal;
  /** See `PublishCall`. */
  readonly waits?: PublishCall['waits'];
}

/** Where a step reports what an operator should know. */
export interface StepRecords {
  readonly missing: MissingMessagesRecord;
  readonly replays: ReplayRecord;
  readonly outdated: OutdatedChangeLog;
}

/** Works through the messages of one session, or of all where there are none. */
export class DeliveryStep {
  readonly #options: DeliveryStepOptions;
  readonly #session: StepSession;
  readonly #settling: RetryOptions;
  readonly #transforms: TransformChain;
  readonly #router: Router;

  constructor(options: DeliveryStepOptions) {
    const { parts, transforms, session } = options;
    const { log, giveUp, lock, waits } = session;
    const { clock, random, hash, routing, outputs, metrics } = parts;
    this.#options = options;
    this.#session = session;
    this.#settling = {
      clock,
      failureLog: new FailureLog('settling messages', log, clock),
      giveUp,
      again: ({ disposition }) => disposition !== 'lost',
    };
    this.#transforms = new TransformChain({
      transforms,
      clock,
      random,
      hash,
      giveUp,
      waits,
      session: lock?.id ?? '',
    });
    this.#router = new Router({ routing, outputs, dropped: (changes) => metrics.unrouted.inc(changes) });
  }

  /** Reads messages, and reports what is missing between them. To be called once for each. Never throws. */
  decode(deliveries: readonly Delivery[]): readonly DecodedDelivery[] {
    const { parts, records } = this.#options;
    const { detector, log } = this.#session;
    const { hash, subscriptionName: subscription } = parts;
    const decoding = { hash, nowMs: parts.clock.wallMs(), subscription };
    return deliveries.map((delivery) => {
      const { message } = delivery;
      const decoded = decodeMessage(message, decoding);
      const missing = decoded.replay === undefined ? detector?.before(message, decoded) : undefined;
      if (missing !== undefined) records.missing.add(missing, message, log);
      return { ...decoded, delivery, message, missing };
    });
  }

  /**
   * Resolves when all of them are settled. Rejects with LockLost, OutputClosed, the last error after `giveUp`, or
   * `signal.reason`; it may be called again with the same messages then.
   */
  async run(decoded: readonly DecodedDelivery[], signal: AbortSignal): Promise<void> {
    const { deduplicator, log } = this.#session;
    const isNew = deduplicator.filter();
    const judged = decoded.map((one) => this.#judge(one, isNew));
    const { changes, failures } = await this.#prepare(judged, signal);
    const published = await this.#publish(changes, signal);
    const failed = [...failuresOf(published.refused), ...transformFailuresOf(failures)];
    const outcomes = judged.map((one) => outcomeOf(one, failed));
    deduplicator.delivered(outcomes);
    if (outcomes.some((outcome) => outcome.failures.length > 0)) published.remember();
    const settled = await this.#settle(outcomes, changes, signal);
    log.debug('delivered batch', {
      messages: decoded.length,
      changes: changes.length,
      settled: settled.length,
    });
  }

  /** It runs no more: its session is released or lost. */
  ended(): void {
    this.#options.outputs.forget(this);
  }

  /** Transforms and routes what is fresh. */
  async #prepare(judged: readonly Judged[], signal: AbortSignal): Promise<PreparedChanges> {
    const fresh = judged.flatMap((one) => one.fresh);
    const transformed = await this.#transforms.apply(fresh, signal);
    const routed = this.#router.route(transformed.changes);
    return { changes: routed.changes, failures: [...transformed.failures, ...routed.failures] };
  }

  #publish(changes: readonly DecodedChange[], signal: AbortSignal): Promise<Published> {
    const { lock, giveUp, waits } = this.#session;
    const mayStart = () => lock?.assertHeld();
    return this.#options.outputs.publish(changes, signal, {
      sender: this,
      session: lock?.id,
      mayStart,
      giveUp,
      waits,
    });
  }

  /** Resolves with what is settled. @param published the changes that the outputs were given */
  async #settle(
    outcomes: readonly Outcome[],
    published: readonly DecodedChange[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const { clock, metrics } = this.#options.parts;
    const { lock, deduplicator } = this.#session;
    const startedMs = clock.monotonicMs();
    const settled = await settle(outcomes, signal, this.#settling);
    this.#options.outputs.settled(lock?.id, settled, published);
    metrics.settleSeconds.observe((clock.monotonicMs() - startedMs) / 1000);
    deduplicator.settled(settled);
    this.#count(settled);
    return settled;
  }

  #judge(decoded: DecodedDelivery, isNew: (event: StampedEvent) => boolean): Judged {
    const { changes, replay } = decoded;
    if (replay !== undefined) return judgeReplay(decoded, this.#options.outputs.names);
    const fresh: DecodedChange[] = [];
    const old: DecodedChange[] = [];
    for (const change of changes) (isNew(change.event) ? fresh : old).push(change);
    this.#dropped(old, this.#session.deduplicator.newest);
    const dropped = old.map(({ index }) => index);
    return {
      decoded,
      fresh: this.#withGap(fresh, decoded.missing),
      undelivered: undelivered(decoded.message, dropped, this.#options.outputs.required),
    };
  }

  #dropped(old: readonly DecodedChange[], newest: Progress | undefined): void {
    if (old.length === 0) return;
    this.#options.parts.metrics.repeated.inc(old.length);
    this.#options.records.outdated.dropped(old, newest);
  }

  /** With `on_hole = "gap"` an event reports what is certainly missing, in the place of the change after it. */
  #withGap(fresh: readonly DecodedChange[], missing: MissingMessages | undefined): readonly DecodedChange[] {
    const { hash, settings } = this.#options.parts;
    const [next] = fresh;
    if (settings.onHole !== 'gap' || missing?.certain !== true || next === undefined) return fresh;
    const event = gapEvent(missing, next.event.metadata, next.orderingKey, hash);
    if (event === undefined) return fresh;
    return [{ ...next, event, line: Buffer.from(JSON.stringify(event)) }, ...fresh];
  }

  #count(settled: readonly Outcome[]): void {
    const dead = settled.filter(({ failures }) => failures.length > 0);
    this.#options.parts.metrics.completed.inc(settled.length - dead.length);
    for (const outcome of dead) this.#reportDeadLetter(outcome);
    for (const outcome of settled) this.#reportReplay(outcome);
  }

  #reportReplay({ decoded: { replay, message, changes }, failures }: Outcome): void {
    if (replay === undefined) return;
    const { parts, records } = this.#options;
    const { replays } = records;
    const { log } = this.#session;
    if (!isReplayFor(replay, parts.subscriptionName)) replays.skipped(message, replay, log);
    else if (failures.length > 0) replays.deadLettered();
    else replays.delivered(message, replay, changes.length, log);
  }

  #reportDeadLetter({ delivery, failures }: Outcome): void {
    const { parts, outputs } = this.#options;
    const reason = reasonOf(failures);
    parts.metrics.deadLettered.inc({ reason });
    const ofMessage = failures.filter(({ transform }) => transform !== true);
    for (const [output, failed] of Map.groupBy(ofMessage, (failure) => failure.output)) {
      if (output === '*') parts.metrics.unreadable.inc(failed.length);
      else outputs.deadLettered(output, failed.length);
    }
    const fields = { ...fieldsOf(delivery.message), reason, detail: failures[0]?.reason };
    this.#session.log.error('dead-lettered message', { ...fields, failed: failures.length });
  }
}
