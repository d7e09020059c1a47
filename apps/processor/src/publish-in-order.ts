/**
 * Brings events of one session to one output, in order, until each is accepted or set aside. What passes is waited
 * for; what never can succeed is narrowed down to the one event and set aside; the rest goes on.
 */
import {
  asDStreamError,
  Backoff,
  BatchError,
  notAccepted,
  type Clock,
  type DStreamError,
  type RoutedEvent,
} from '@dstream/core';
import type { Outage } from '@dstream/runtime';
import type { Output } from './processor-parts.ts';

export interface PublishOptions {
  readonly output: Output;
  readonly clock: Clock;
  readonly outage: Outage;
}

export interface RefusedEvent {
  readonly event: RoutedEvent;
  readonly error: DStreamError;
}

/** Resolves with the events the output will never take. Rejects with OutputClosed, or `signal.reason` on abort. */
export async function publishInOrder(
  events: readonly RoutedEvent[],
  signal: AbortSignal,
  options: PublishOptions,
): Promise<readonly RefusedEvent[]> {
  const { output, clock, outage } = options;
  const refused: RefusedEvent[] = [];
  const backoff = new Backoff({ firstMs: 200, maxMs: 30_000, random: Math.random });
  let rest = events;
  let size = events.length;
  while (rest.length > 0) {
    signal.throwIfAborted();
    const chunk = rest.slice(0, size);
    const error = await attempt(output, chunk, signal);
    if (error === undefined) {
      outage.succeeded();
      backoff.reset();
      rest = rest.slice(chunk.length);
      size = rest.length;
      continue;
    }
    signal.throwIfAborted();
    const left = notAccepted(chunk, (event) => event.orderingKey, error);
    rest = [...left, ...rest.slice(chunk.length)];
    if (error.disposition !== 'dead-letter') {
      if (error.code === 'OutputClosed') throw error;
      outage.failed(error);
      await clock.sleep(backoff.next(), signal);
    } else if (error instanceof BatchError || left.length === 1) {
      const [culprit] = left;
      if (culprit !== undefined) refused.push({ event: culprit, error });
      rest = rest.slice(1);
      size = rest.length;
    } else {
      size = Math.ceil(left.length / 2);
    }
  }
  return refused;
}

async function attempt(
  output: Output,
  chunk: readonly RoutedEvent[],
  signal: AbortSignal,
): Promise<DStreamError | undefined> {
  try {
    await output.publisher.publish(chunk, { signal });
    return undefined;
  } catch (error) {
    return asDStreamError(error);
  }
}
