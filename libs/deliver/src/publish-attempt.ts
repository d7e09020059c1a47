/** One attempt to publish, and what it says about each event: accepted, refused for good, or to be tried again. */
import {
  asDStreamError,
  BatchError,
  DStreamError,
  notAccepted,
  tableName,
  type Clock,
  type LogFields,
  type RoutedEvent,
} from '@dstream/core';
import type { OutputMonitor, Sender } from './output-monitor.ts';

export interface RefusedEvent {
  readonly event: RoutedEvent;
  readonly error: DStreamError;
}

export interface Attempt {
  /** Events the output will never take. */
  readonly refused: readonly RefusedEvent[];
  /** Events to be given again, in order. */
  readonly again: readonly RoutedEvent[];
  /** The cause, where something may work later: to be waited for. */
  readonly passing: DStreamError | undefined;
  /** One of `again` is what fails, and only fewer at a time can tell which. */
  readonly narrow: boolean;
}

export interface AttemptOptions {
  readonly monitor: OutputMonitor;
  readonly sender: Sender;
  readonly clock: Clock;
}

const nothing: Attempt = { refused: [], again: [], passing: undefined, narrow: false };

/** Rejects with OutputClosed, or with `signal.reason` on abort. */
export async function attemptToPublish(
  events: readonly RoutedEvent[],
  signal: AbortSignal,
  { monitor, sender, clock }: AttemptOptions,
): Promise<Attempt> {
  const startedMs = clock.monotonicMs();
  try {
    await monitor.output.publisher.publish(events, { signal });
  } catch (caught) {
    signal.throwIfAborted();
    const error = asDStreamError(caught);
    if (error.code === 'OutputClosed') throw error;
    const attempt = judgeOrRetry(events, error);
    if (attempt.passing !== undefined) monitor.failed(sender, attempt.passing, about(attempt.again[0]));
    monitor.accepted(without(events, attempt));
    return attempt;
  }
  monitor.succeeded(sender, events, startedMs);
  return nothing;
}

/** Which change, for a log line. */
export function about(event: RoutedEvent | undefined): LogFields {
  if (event === undefined) return {};
  const { messageId, orderingKey, event: change } = event;
  return { messageId, session: orderingKey, table: tableName(change.metadata), change: change.metadata.id };
}

/** An output that contradicts itself has told nothing: all of it is tried again. */
function judgeOrRetry(events: readonly RoutedEvent[], error: DStreamError): Attempt {
  try {
    return judge(events, error);
  } catch (caught) {
    return { ...nothing, again: events, passing: asDStreamError(caught) };
  }
}

function judge(events: readonly RoutedEvent[], error: DStreamError): Attempt {
  const refused = refusedOf(events, error);
  const culprits = new Set(refused.map(({ event }) => event));
  return {
    refused,
    again: notAccepted(events, ({ orderingKey }) => orderingKey, error).filter(
      (event) => !culprits.has(event),
    ),
    passing: passingOf(error),
    narrow: error.disposition === 'dead-letter' && !(error instanceof BatchError) && events.length > 1,
  };
}

function without(events: readonly RoutedEvent[], { refused, again }: Attempt): readonly RoutedEvent[] {
  const open = new Set([...again, ...refused.map(({ event }) => event)]);
  return events.filter((event) => !open.has(event));
}

/** The events that are known to be what is refused: named by a BatchError, or alone. */
function refusedOf(events: readonly RoutedEvent[], error: DStreamError): readonly RefusedEvent[] {
  if (error instanceof BatchError) return error.failures.flatMap((failure) => culpritOf(events, failure));
  const [only] = events;
  return error.disposition === 'dead-letter' && events.length === 1 && only !== undefined
    ? [{ event: only, error }]
    : [];
}

function culpritOf(
  events: readonly RoutedEvent[],
  { key, from, error }: BatchError['failures'][number],
): readonly RefusedEvent[] {
  if (error.disposition !== 'dead-letter') return [];
  const event = events.find((candidate, index) => index >= from && candidate.orderingKey === key);
  if (event !== undefined) return [{ event, error }];
  throw new DStreamError(
    'Unexpected',
    `an output named a failure at ${from}, beyond its batch of ${events.length}`,
  );
}

function passingOf(error: DStreamError): DStreamError | undefined {
  const errors = error instanceof BatchError ? error.failures.map((failure) => failure.error) : [error];
  return errors.find(({ disposition }) => disposition !== 'dead-letter');
}
