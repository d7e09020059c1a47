/** One step of one session: decode → drop repeats → publish to every output → settle. */
import type { Delivery, FailedChange, RoutedEvent, StampedEvent } from '@dstream/core';
import { Outage } from '@dstream/runtime';
import { decodeMessage, type DecodedChange } from './decode-message.ts';
import type { Output, ProcessorParts } from './processor-parts.ts';
import { publishInOrder } from './publish-in-order.ts';
import { reasonOf, settle, type Settled } from './settlement.ts';

/** Decides whether a change was settled before, and remembers it as taken. */
export type RepeatFilter = (event: StampedEvent) => boolean;

interface Routed extends RoutedEvent {
  readonly message: number;
  readonly index: number;
}

export class DeliveryStep {
  readonly #parts: ProcessorParts;
  readonly #settleOutage: Outage;
  readonly #outages: ReadonlyMap<Output, Outage>;

  constructor(parts: ProcessorParts) {
    this.#parts = parts;
    this.#settleOutage = new Outage('settling messages', parts.log, parts.clock);
    this.#outages = new Map(
      parts.outputs.map((output) => [
        output,
        new Outage(`publishing to ${output.name}`, parts.log, parts.clock),
      ]),
    );
  }

  /** Resolves when all of `deliveries` are settled. Rejects with LockLost, OutputClosed or `signal.reason`. */
  async run(deliveries: readonly Delivery[], isNew: RepeatFilter, signal: AbortSignal): Promise<void> {
    const decoded = deliveries.map(({ message }) => decodeMessage(message));
    const routed = decoded.flatMap(({ changes }, message) =>
      this.#fresh(changes, isNew, deliveries, message),
    );
    this.#parts.metrics.received(deliveries.length);
    const refused = await this.#publish(routed, signal);
    const settled = deliveries.map((delivery, message) => ({
      delivery,
      failures: [...(decoded[message]?.failures ?? []), ...(refused.get(message) ?? [])],
    }));
    await settle(settled, signal, { clock: this.#parts.clock, outage: this.#settleOutage, maxMs: 5_000 });
    this.#sayDeadLetters(settled);
  }

  #fresh(
    changes: readonly DecodedChange[],
    isNew: RepeatFilter,
    deliveries: readonly Delivery[],
    message: number,
  ): Routed[] {
    const orderingKey = deliveries[message]?.message.sessionId ?? '';
    const fresh = changes.filter(({ event }) => isNew(event));
    this.#parts.metrics.repeated(changes.length - fresh.length);
    return fresh.map(({ event, line, index }) => ({ event, line, orderingKey, message, index }));
  }

  /** All outputs side by side. What an output refuses for good, by message. */
  async #publish(
    routed: readonly Routed[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, FailedChange[]>> {
    const refused = new Map<number, FailedChange[]>();
    const outputs = this.#parts.outputs.map((output) => this.#publishTo(output, routed, refused, signal));
    const outcomes = await Promise.allSettled(outputs);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return refused;
  }

  async #publishTo(
    output: Output,
    routed: readonly Routed[],
    refused: Map<number, FailedChange[]>,
    signal: AbortSignal,
  ): Promise<void> {
    const outage = this.#outages.get(output);
    if (outage === undefined || routed.length === 0) return;
    for (const { event, error } of await publishInOrder(routed, signal, {
      output,
      clock: this.#parts.clock,
      outage,
    })) {
      const { message, index } = event as Routed;
      const failure = { index, output: output.name, reason: error.message };
      refused.set(message, [...(refused.get(message) ?? []), failure]);
    }
    this.#countDelivered(output, routed);
  }

  #countDelivered(output: Output, routed: readonly Routed[]): void {
    const { metrics, clock } = this.#parts;
    metrics.delivered(output.name, routed.length);
    const now = clock.wallMs();
    for (const { event } of routed) {
      metrics.latency(output.name, Math.max(0, now - Date.parse(event.metadata.committedAt)) / 1000);
    }
  }

  #sayDeadLetters(settled: readonly Settled[]): void {
    for (const { delivery, failures } of settled) {
      if (failures.length === 0) continue;
      const reason = reasonOf(failures);
      this.#parts.metrics.deadLettered(reason);
      this.#parts.log.error('message set aside in the dead-letter queue', {
        messageId: delivery.message.messageId,
        sessionId: delivery.message.sessionId,
        reason,
        detail: failures[0]?.reason,
        failed: failures.length,
      });
    }
  }
}
