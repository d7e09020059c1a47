/** Encodes changes as JSON (docs/messages.md), for sources that do not write the JSON themselves, and for tests. */
import type { ChangeEvent, Stamp } from './change-event.ts';
import type { EncodedChange } from './change-source.ts';
import { stampText } from './pack.ts';
import type { TableId } from './table-id.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Called for every change of such a source. @param table the event's: the same object for all changes of one table */
export function encodeChange(event: ChangeEvent, table: TableId): EncodedChange {
  const { id, operation, key, committedAt, position } = event.metadata;
  const known = { id, table, operation, key: key && Object.values(key), committedAt, position };
  const bytes = encoder.encode(openEnvelope(event));
  return { ...known, bytes: bytes.length, copyTo: (target, at) => target.set(bytes, at) };
}

/** The event that `encodeChange` was given. */
export function decodeChange(change: EncodedChange): ChangeEvent {
  const unstamped = new Uint8Array(change.bytes);
  change.copyTo(unstamped, 0);
  return JSON.parse(`${decoder.decode(unstamped)}}}`) as ChangeEvent;
}

/** The whole envelope as one line, without its end. */
export function encodeEnvelope(event: ChangeEvent, stamp: Stamp): string {
  return openEnvelope(event) + stampText(stamp);
}

/** The line up to where the stamp goes. */
function openEnvelope({ data, before, metadata }: ChangeEvent): string {
  return JSON.stringify({ data, before, metadata }).slice(0, -2);
}
