/** The envelope of one change as a line of JSON (DESIGN 7), and back. */
import type { ChangeEvent, Stamp, StampedEvent } from './change-event.ts';
import { problemOf } from './check-envelope.ts';
import { fromVersion1, type EventOfVersion1 } from './envelope-version-1.ts';
import { DStreamError } from './errors.ts';

/** One line, without its end. */
export function encodeEnvelope(event: ChangeEvent, stamp: Stamp): string {
  return openEnvelope(event) + stampText(stamp);
}

/** The line up to where the stamp goes. */
export function openEnvelope({ data, before, metadata }: ChangeEvent): string {
  return JSON.stringify({ data, before, metadata }).slice(0, -2);
}

/** What an open envelope ends with. */
export function stampText({ generation, epoch }: Stamp): string {
  return `${JSON.stringify({ generation, epoch }).replace('{', ',')}}`;
}

/**
 * Reads one line of any version. Throws MalformedMessage, which says what is wrong but never repeats the content: it is
 * the user's data.
 */
export function decodeEnvelope(line: string): StampedEvent {
  return inCurrentVersion(parseEnvelope(line));
}

/** The same event where it is of the current version already. */
export function inCurrentVersion(event: StampedEvent | EventOfVersion1): StampedEvent {
  return isOfVersion1(event) ? fromVersion1(event) : event;
}

function isOfVersion1(event: StampedEvent | EventOfVersion1): event is EventOfVersion1 {
  return event.metadata.version === 1;
}

/** As `decodeEnvelope`, in the version in which it was written. */
export function parseEnvelope(line: string): StampedEvent | EventOfVersion1 {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw new DStreamError('MalformedMessage', 'the envelope is not JSON', { cause });
  }
  const problem = problemOf(parsed);
  if (problem !== undefined) throw new DStreamError('MalformedMessage', `the envelope ${problem}`);
  return withoutNullBefore(parsed as StampedEvent | EventOfVersion1);
}

/** Serializers of other languages write an absent `before` as null. */
function withoutNullBefore<E extends StampedEvent | EventOfVersion1>(event: E): E {
  if ((event as { readonly before?: unknown }).before !== null) return event;
  const { before: _absent, ...rest } = event;
  return rest as E;
}
