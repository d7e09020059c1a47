/** The steps of one session: decode → drop repeats → publish to every output → settle → remember. */
import type { Delivery, FailedChange, Log, SessionHold, StampedEvent } from '@dstream/core';
import { FailureLog } from '@dstream/async';
import { decodeMessage, type DecodedChange, type DecodedMessage } from './decode-message.ts';
import { holeEvent } from './hole-event.ts';
import type { Hole, HoleRecord, HoleWatch } from './holes.ts';
import type { OutdatedWatch } from './outdated.ts';
import type { Outputs, PlacedEvent } from './outputs.ts';
import type { ProcessorParts } from './processor-parts.ts';
import type { Repeats } from './repeats.ts';
import { undelivered } from './resent.ts';
import { fieldsOf, reasonOf, settle, type Outcome } from './settlement.ts';

export interface DeliveryStepOptions {
  readonly parts: ProcessorParts;
  readonly outputs: Outputs;
  readonly hold: SessionHold | undefined;
  readonly repeats: Repeats;
  /** Undefined where messages are not expected to follow each other: without sessions, or behind a filter. */
  readonly holes: HoleWatch | undefined;
  readonly record: HoleRecord;
  readonly outdated: OutdatedWatch;
  readonly log: Log;
  /** Once it aborts nothing is tried again: what is not settled goes back. */
  readonly giveUp: AbortSignal;
}

/** A message and what could be read of it. */
export interface DecodedDelivery extends DecodedMessage {
  readonly delivery: Delivery;
  /** What is missing before it. */
  readonly hole?: Hole | undefined;
}

interface Judged extends DecodedDelivery {
  readonly fresh: readonly DecodedChange[];
  /** What is dropped and was never delivered. */
  readonly lost: readonly FailedChange[];
}

interface Delivered extends Outcome {
  readonly events: readonly StampedEvent[];
}

export class DeliveryStep {
  readonly #options: DeliveryStepOptions;
  readonly #settleFailures: FailureLog;

  constructor(options: DeliveryStepOptions) {
    this.#options = options;
    const { log, parts } = options;
    this.#settleFailures = new FailureLog('settling messages', log, parts.clock);
  }

  /** Reads them, and says what is missing between them. To be called once for each. Never throws. */
  decode(deliveries: readonly Delivery[]): readonly DecodedDelivery[] {
    const { parts, holes, record, log } = this.#options;
    const decoding = { hash: parts.hash, nowMs: parts.clock.wallMs() };
    return deliveries.map((delivery): DecodedDelivery => {
      const decoded = { delivery, ...decodeMessage(delivery.message, decoding) };
      const hole = holes?.before(delivery.message, decoded.changes);
      if (hole === undefined) return decoded;
      record.add(hole, delivery.message, log);
      return { ...decoded, hole };
    });
  }

  /** Resolves when all of them are settled. Rejects with LockLost, OutputClosed, what is given up, or `signal.reason`. */
  async run(decoded: readonly DecodedDelivery[], signal: AbortSignal): Promise<void> {
    const { parts, outputs, hold, repeats, log, giveUp } = this.#options;
    const isNew = repeats.filter();
    const judged = decoded.map((one): Judged => ({ ...one, ...this.#judge(one, isNew) }));
    const routed = judged.flatMap((one, n) => this.#placed(one, n));
    const mayStart = () => hold?.assertGood();
    const refused = await outputs.publish(routed, signal, { sender: this, mayStart, giveUp });
    const outcomes = judged.map(({ delivery, changes, failures: unreadable, lost }, n): Delivered => {
      const failures = [...unreadable, ...lost, ...(refused.get(n) ?? [])];
      return { delivery, failures, events: settledEvents(changes, failures) };
    });
    repeats.delivered(outcomes);
    const retrying = { clock: parts.clock, failureLog: this.#settleFailures, giveUp, again: isNotLost };
    const startedMs = parts.clock.monotonicMs();
    const settled = await settle(outcomes, signal, retrying);
    parts.metrics.settled((parts.clock.monotonicMs() - startedMs) / 1000);
    for (const { events } of settled) repeats.settled(events);
    this.#count(settled);
    log.debug('delivered batch', {
      messages: decoded.length,
      changes: routed.length,
      settled: settled.length,
    });
  }

  /** It runs no more: its session is given back or lost. */
  ended(): void {
    this.#options.outputs.forget(this);
  }

  #judge(
    { changes, delivery: { message } }: DecodedDelivery,
    isNew: (event: StampedEvent) => boolean,
  ): Pick<Judged, 'fresh' | 'lost'> {
    const { fresh = [], old = [] } = Object.groupBy(changes, ({ event }) => (isNew(event) ? 'fresh' : 'old'));
    this.#dropped(old);
    const dropped = old.map(({ index }) => index);
    return { fresh, lost: undelivered(message, dropped, this.#options.outputs.required) };
  }

  #placed({ fresh, delivery, hole }: Judged, message: number): PlacedEvent[] {
    const { sessionId: orderingKey = '', messageId } = delivery.message;
    const place = { orderingKey, messageId, message };
    const events = fresh.map(({ event, line, index }): PlacedEvent => ({ event, line, index, ...place }));
    return hole?.certain === true ? [...this.#gapOf(hole, fresh[0], events[0]), ...events] : events;
  }

  #dropped(old: readonly DecodedChange[]): void {
    if (old.length === 0) return;
    const { parts, repeats, outdated } = this.#options;
    parts.metrics.repeated(old.length);
    outdated.dropped(
      old.map(({ event }) => event),
      repeats.newest,
    );
  }

  /** In the place of the change that it stands before. */
  #gapOf(hole: Hole, next: DecodedChange | undefined, placed: PlacedEvent | undefined): PlacedEvent[] {
    const { hash, settings } = this.#options.parts;
    if (settings.onHole !== 'gap' || next === undefined || placed === undefined) return [];
    const event = holeEvent(hole, next.event.metadata, placed.orderingKey, hash);
    return event === undefined ? [] : [{ ...placed, event, line: JSON.stringify(event) }];
  }

  #count(settled: readonly Outcome[]): void {
    const { metrics } = this.#options.parts;
    const dead = settled.filter(({ failures }) => failures.length > 0);
    metrics.completed(settled.length - dead.length);
    for (const outcome of dead) this.#sayDeadLetter(outcome);
  }

  #sayDeadLetter({ delivery, failures }: Outcome): void {
    const { parts, log, outputs } = this.#options;
    const reason = reasonOf(failures);
    parts.metrics.deadLettered(reason);
    for (const [output, failed] of Map.groupBy(failures, (failure) => failure.output)) {
      if (output === '*') parts.metrics.unreadable(failed.length);
      else outputs.deadLettered(output, failed.length);
    }
    log.error('message set aside in the dead-letter queue', {
      ...fieldsOf(delivery.message),
      reason,
      detail: failures[0]?.reason,
      failed: failures.length,
    });
  }
}

/** What failed stays unknown to the memory of ids: it may come again by a replay. */
function settledEvents(
  changes: readonly DecodedChange[],
  failures: readonly FailedChange[],
): readonly StampedEvent[] {
  const failed = new Set(failures.map(({ index }) => index));
  return changes.filter(({ index }) => !failed.has(index)).map(({ event }) => event);
}

function isNotLost({ disposition }: { readonly disposition: string }): boolean {
  return disposition !== 'lost';
}
