import type { Clock, DStreamError } from '@dstream/core';
import { DStreamError as Failure } from '@dstream/core';
import { withTimeLimit } from './time-limit.ts';

/** A connection that drops while it is closed never tells the SDK's `close` (rhea-promise 3): it gets this long. */
const closeLimitMs = 5_000;

const never = new AbortController().signal;

/** Closes a client, receiver or sender, and gives up after five seconds with TimedOut. */
export function close(what: string, port: { close(): Promise<void> }, clock: Clock): Promise<void> {
  const late = (): DStreamError => new Failure('TimedOut', `${what} did not close within ${closeLimitMs} ms`);
  const atMs = clock.monotonicMs() + closeLimitMs;
  return withTimeLimit({ clock, atMs, late, signal: never }, () => port.close());
}

/** Waits for all, then throws what failed: one error as it is, several together. */
export async function allClosed(closing: readonly Promise<void>[], what: string): Promise<void> {
  const outcomes = await Promise.allSettled(closing);
  const errors = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as unknown] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${what}: ${errors.length} errors while closing`);
}
