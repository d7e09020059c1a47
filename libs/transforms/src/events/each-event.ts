/** For transforms that judge each event by itself. */
import { asDStreamError, type CallOptions, type StampedEvent, type Transformed } from '@dstream/core';

/** What `one` makes of each event; what it throws is what became of that event. Rejects with `signal.reason` on abort. */
export function eachEvent(
  events: readonly StampedEvent[],
  { signal }: CallOptions,
  one: (event: StampedEvent) => readonly StampedEvent[],
): Promise<readonly Transformed[]> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return Promise.resolve(events.map((event) => attempt(event, one)));
}

function attempt(event: StampedEvent, one: (event: StampedEvent) => readonly StampedEvent[]): Transformed {
  try {
    return one(event);
  } catch (error) {
    return asDStreamError(error);
  }
}
