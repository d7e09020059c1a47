/** The steps of one session: decode → drop repeats → publish to every output → settle → remember. */
import type { Delivery, FailedChange, Log, RoutedEvent, SessionHold, StampedEvent } from '@dstream/core';
import { Outage, together } from '@dstream/runtime';
import { decodeMessage, type DecodedChange } from './decode-message.ts';
import type { Output, ProcessorParts } from './processor-parts.ts';
import { publishInOrder } from './publish-in-order.ts';
import type { Repeats } from './repeats.ts';
import { reasonOf, settle, type Outcome } from './settlement.ts';

export interface DeliveryStepOptions {
  readonly parts: ProcessorParts;
  readonly hold: SessionHold | undefined;
  readonly repeats: Repeats;
  readonly log: Log;
  /** Once it aborts nothing is tried again: what is not settled goes back. */
  readonly giveUp: AbortSignal;
}

interface Routed extends RoutedEvent {
  readonly event: StampedEvent;
  readonly message: number;
  readonly index: number;
}

interface Delivered extends Outcome {
  readonly events: readonly StampedEvent[];
}

export class DeliveryStep {
  readonly #options: DeliveryStepOptions;
  readonly #settleOutage: Outage;
  readonly #outages: ReadonlyMap<Output, Outage>;

  constructor(options: DeliveryStepOptions) {
    this.#options = options;
    const { log, parts } = options;
    this.#settleOutage = new Outage('settling messages', log, parts.clock);
    this.#outages = new Map(
      parts.outputs.map((output) => [output, new Outage(`publishing to ${output.name}`, log, parts.clock)]),
    );
  }

  /** Resolves when all of `deliveries` are settled. Rejects with LockLost, OutputClosed, what is given up, or `signal.reason`. */
  async run(deliveries: readonly Delivery[], signal: AbortSignal): Promise<void> {
    const { parts, repeats, giveUp } = this.#options;
    parts.metrics.received(deliveries.length);
    const decoding = { hash: parts.hash, nowMs: parts.clock.wallMs() };
    const decoded = deliveries.map(({ message }) => decodeMessage(message, decoding));
    const isNew = repeats.filter();
    const routed = decoded.flatMap(({ changes }, n) => this.#fresh(changes, isNew, deliveries[n], n));
    const refused = await this.#publish(routed, signal);
    const outcomes = deliveries.map((delivery, n): Delivered => {
      const failures = [...(decoded[n]?.failures ?? []), ...(refused.get(n) ?? [])];
      return { delivery, failures, events: settledEvents(decoded[n]?.changes ?? [], failures) };
    });
    const retry = { clock: parts.clock, outage: this.#settleOutage, maxMs: 5_000, giveUp, again: isNotLost };
    const settled = await settle(outcomes, signal, retry);
    repeats.settled(settled.flatMap(({ events }) => events));
    this.#sayDeadLetters(settled);
  }

  #fresh(
    changes: readonly DecodedChange[],
    isNew: (event: StampedEvent) => boolean,
    delivery: Delivery | undefined,
    message: number,
  ): Routed[] {
    const orderingKey = delivery?.message.sessionId ?? '';
    const fresh = changes.filter(({ event }) => isNew(event));
    this.#options.parts.metrics.repeated(changes.length - fresh.length);
    return fresh.map(({ event, line, index }) => ({ event, line, orderingKey, message, index }));
  }

  /** All outputs side by side. What an output refuses for good, by message. */
  async #publish(
    routed: readonly Routed[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, FailedChange[]>> {
    const refused = new Map<number, FailedChange[]>();
    if (routed.length === 0) return refused;
    const outputs = [...this.#outages].map(
      ([output, outage]) =>
        (until: AbortSignal) =>
          this.#publishTo(output, outage, routed, refused, until),
    );
    await together(signal, outputs);
    return refused;
  }

  async #publishTo(
    output: Output,
    outage: Outage,
    routed: readonly Routed[],
    refused: Map<number, FailedChange[]>,
    signal: AbortSignal,
  ): Promise<void> {
    const { parts, hold, giveUp } = this.#options;
    const mayStart = () => hold?.assertGood();
    const options = { output, outage, clock: parts.clock, random: parts.random, mayStart, giveUp };
    const failed = await publishInOrder(routed, signal, options);
    for (const { event, error } of failed) {
      const { message, index } = event as Routed;
      const failure = { index, output: output.name, reason: error.message };
      refused.set(message, [...(refused.get(message) ?? []), failure]);
    }
    const notDelivered = new Set(failed.map(({ event }) => event));
    this.#countDelivered(
      output,
      routed.filter((event) => !notDelivered.has(event)),
    );
  }

  #countDelivered(output: Output, routed: readonly Routed[]): void {
    const { metrics, clock } = this.#options.parts;
    metrics.delivered(output.name, routed.length);
    const now = clock.wallMs();
    for (const { event } of routed) {
      metrics.latency(output.name, Math.max(0, now - Date.parse(event.metadata.committedAt)) / 1000);
    }
  }

  #sayDeadLetters(settled: readonly Outcome[]): void {
    const { parts, log } = this.#options;
    for (const { delivery, failures } of settled) {
      if (failures.length === 0) continue;
      const reason = reasonOf(failures);
      parts.metrics.deadLettered(reason);
      log.error('message set aside in the dead-letter queue', {
        messageId: delivery.message.messageId,
        reason,
        detail: failures[0]?.reason,
        failed: failures.length,
      });
    }
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
