/** The envelope of one change as a line of JSON (DESIGN 7), and back. */
import type { ChangeEvent, Stamp, StampedEvent } from './change-event.ts';
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

const operations: ReadonlySet<unknown> = new Set(['insert', 'update', 'delete', 'read', 'gap']);

/**
 * Reads one line. Throws MalformedMessage, which says what is wrong but never repeats the content: it is the user's
 * data.
 */
export function decodeEnvelope(line: string): StampedEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw new DStreamError('MalformedMessage', 'the envelope is not JSON', { cause });
  }
  const problem = problemOf(parsed);
  if (problem !== undefined) throw new DStreamError('MalformedMessage', `the envelope ${problem}`);
  return withoutNullBefore(parsed as StampedEvent);
}

/** Serializers of other languages write an absent `before` as null. */
function withoutNullBefore(event: StampedEvent): StampedEvent {
  const { before, ...rest } = event as { readonly before: unknown } & StampedEvent;
  return before === null ? rest : event;
}

function problemOf(envelope: unknown): string | undefined {
  if (!isObject(envelope)) return 'is not a JSON object';
  const { data, before, metadata } = envelope;
  if (data !== null && !isObject(data)) return 'has no data: an object or null is expected';
  if (before !== undefined && before !== null && !isObject(before))
    return 'has a before that is not an object';
  if (!isObject(metadata)) return 'has no metadata';
  if (metadata['version'] !== 1) return 'has a metadata.version that is not 1';
  if (!operations.has(metadata['operation'])) return 'has an unknown metadata.operation';
  const missing = ['id', 'server', 'database', 'schema', 'table', 'position'].find(
    (k) => typeof metadata[k] !== 'string',
  );
  if (missing !== undefined) return `has no metadata.${missing}`;
  if (Number.isNaN(Date.parse(String(metadata['committedAt']))))
    return 'has no metadata.committedAt: a time is expected';
  if (!Number.isSafeInteger(metadata['generation'])) return 'has no metadata.generation';
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
