/**
 * Brings events of one session to one output, in order, until each is accepted or set aside. What passes is waited
 * for; what never can succeed is narrowed down to the one event and set aside; the rest goes on.
 */
import {
  asDStreamError,
  Backoff,
  BatchError,
  DStreamError,
  notAccepted,
  type Clock,
  type RoutedEvent,
} from '@dstream/core';
import { pause, type Outage } from '@dstream/runtime';
import type { Output } from './processor-parts.ts';

export interface PublishOptions {
  readonly output: Output;
  readonly clock: Clock;
  readonly outage: Outage;
  readonly random: () => number;
  /** Called right before every attempt; throws when the session can no longer be proven ours. */
  readonly mayStart: () => void;
  /** Once it aborts nothing is tried again. */
  readonly giveUp: AbortSignal;
}

export interface RefusedEvent {
  readonly event: RoutedEvent;
  readonly error: DStreamError;
}

/**
 * Resolves with the events the output will never take. Rejects with OutputClosed or LockLost, with the last error
 * after `giveUp`, or with `signal.reason` on abort.
 */
export async function publishInOrder(
  events: readonly RoutedEvent[],
  signal: AbortSignal,
  options: PublishOptions,
): Promise<readonly RefusedEvent[]> {
  const refused: RefusedEvent[] = [];
  const backoff = new Backoff({ firstMs: 200, maxMs: 30_000, random: options.random });
  let rest = events;
  let size = events.length;
  while (rest.length > 0) {
    const chunk = rest.slice(0, size);
    const error = await attempt(chunk, signal, options);
    if (error === undefined) {
      options.outage.succeeded();
      backoff.reset();
      rest = rest.slice(chunk.length);
      size = rest.length;
      continue;
    }
    const culprits = refusedOf(chunk, error);
    refused.push(...culprits);
    const again = notAccepted(chunk, keyOf, error).filter(
      (event) => !culprits.some((c) => c.event === event),
    );
    rest = [...again, ...rest.slice(chunk.length)];
    if (needsNarrowing(error, chunk)) size = Math.ceil(chunk.length / 2);
    else size = rest.length;
    if (isPassing(error)) await waitAfter(backoff, error, signal, options);
  }
  return refused;
}

const keyOf = (event: RoutedEvent): string => event.orderingKey;

async function attempt(
  chunk: readonly RoutedEvent[],
  signal: AbortSignal,
  { output, mayStart }: PublishOptions,
): Promise<DStreamError | undefined> {
  signal.throwIfAborted();
  mayStart();
  try {
    await output.publisher.publish(chunk, { signal });
    return undefined;
  } catch (caught) {
    signal.throwIfAborted();
    const error = asDStreamError(caught);
    if (error.code === 'OutputClosed') throw error;
    return error;
  }
}

/** The events that are known to be what is refused: named by a BatchError, or alone. */
function refusedOf(chunk: readonly RoutedEvent[], error: DStreamError): readonly RefusedEvent[] {
  if (error instanceof BatchError) return error.failures.flatMap((failure) => culpritOf(chunk, failure));
  const [only] = chunk;
  return error.disposition === 'dead-letter' && chunk.length === 1 && only !== undefined
    ? [{ event: only, error }]
    : [];
}

function culpritOf(
  chunk: readonly RoutedEvent[],
  { key, from, error }: BatchError['failures'][number],
): readonly RefusedEvent[] {
  if (error.disposition !== 'dead-letter') return [];
  const event = chunk.find((candidate, index) => index >= from && candidate.orderingKey === key);
  if (event !== undefined) return [{ event, error }];
  throw new DStreamError(
    'Unexpected',
    `an output named a failure at ${from}, beyond its batch of ${chunk.length}`,
  );
}

function needsNarrowing(error: DStreamError, chunk: readonly RoutedEvent[]): boolean {
  return error.disposition === 'dead-letter' && !(error instanceof BatchError) && chunk.length > 1;
}

/** Something of it may work later. */
function isPassing(error: DStreamError): boolean {
  const errors = error instanceof BatchError ? error.failures.map((failure) => failure.error) : [error];
  return errors.some(({ disposition }) => disposition !== 'dead-letter');
}

async function waitAfter(
  backoff: Backoff,
  error: DStreamError,
  signal: AbortSignal,
  { clock, outage, giveUp }: PublishOptions,
): Promise<void> {
  outage.failed(error);
  await pause(clock, backoff.next(), signal, giveUp);
  signal.throwIfAborted();
  if (giveUp.aborted) throw error;
}
