/** Publishing in tests: one attempt that fails, and attempts until all is accepted. */
import {
  asDStreamError,
  notAccepted,
  type DStreamError,
  type Publisher,
  type RoutedEvent,
} from '@dstream/core';
import { expect } from 'vitest';

const never = { signal: new AbortController().signal };

/** The error of one attempt, which must fail. */
export function failing(publisher: Publisher, events: readonly RoutedEvent[]): Promise<DStreamError> {
  return publisher.publish(events, never).then(
    () => expect.unreachable('it was published'),
    (error: unknown) => asDStreamError(error),
  );
}

/** Publishes what was not accepted, as the processor does, until it is. */
export async function persist(publisher: Publisher, events: readonly RoutedEvent[]): Promise<void> {
  let rest = events;
  const attempt = async () => {
    const error = await publisher.publish(rest, never).then(() => undefined, asDStreamError);
    if (error !== undefined) rest = notAccepted(rest, (event) => event.orderingKey, error);
    return error?.message;
  };
  await expect.poll(attempt, { timeout: 15_000 }).toBeUndefined();
}
