/** Which of the events of one call did not become durable, as every publisher says it: a suffix for each ordering key. */
import { BatchError, type BatchFailure, type DStreamError, type RoutedEvent } from '@dstream/core';

/** The events of one file, and why they are not all there. */
export interface WrittenGroup {
  readonly events: readonly RoutedEvent[];
  readonly error?: DStreamError;
}

/** Undefined when all of them did. A key whose events go to several files is given again from the first that failed on. */
export function notWritten(
  events: readonly RoutedEvent[],
  groups: readonly WrittenGroup[],
): BatchError | undefined {
  const errors = new Map<RoutedEvent, DStreamError>();
  for (const { events: failed, error } of groups) {
    if (error !== undefined) for (const event of failed) errors.set(event, error);
  }
  const failures = new Map<string, BatchFailure>();
  for (const [from, event] of events.entries()) {
    const [key, error] = [event.orderingKey, errors.get(event)];
    if (error !== undefined && !failures.has(key)) failures.set(key, { key, from, error });
  }
  const [first, ...more] = failures.values();
  return first === undefined ? undefined : new BatchError([first, ...more]);
}
