/** For transforms that judge each event by itself. */
import { setImmediate } from 'node:timers/promises';
import { asDStreamError, type CallOptions, type StampedEvent, type Transformed } from '@dstream/core';

/** After so long the rest of the process gets a turn: large changes must not hold up the renewal of locks. */
const turnMs = 20;

/** What `one` makes of each event; what it throws is what became of that event. Rejects with `signal.reason` on abort. */
export async function eachEvent(
  events: readonly StampedEvent[],
  { signal }: CallOptions,
  one: (event: StampedEvent) => readonly StampedEvent[],
): Promise<readonly Transformed[]> {
  signal.throwIfAborted();
  const results: Transformed[] = [];
  let endMs = performance.now() + turnMs;
  for (const event of events) {
    results.push(attempt(event, one));
    if (performance.now() < endMs) continue;
    // eslint-disable-next-line no-await-in-loop -- one after the other
    await setImmediate();
    signal.throwIfAborted();
    endMs = performance.now() + turnMs;
  }
  return results;
}

function attempt(event: StampedEvent, one: (event: StampedEvent) => readonly StampedEvent[]): Transformed {
  try {
    return one(event);
  } catch (error) {
    return asDStreamError(error);
  }
}
