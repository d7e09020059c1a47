/** Writes the envelope of a change (DESIGN 7). A source encodes a change as soon as it was read, so that nothing of its row is kept. */
import type { ChangeEvent, ChangeMetadata, Stamp, Value } from './change-event.ts';
import type { TableId } from './table-id.ts';

/** What the sending owner must know of a change, and the change itself. */
export interface EncodedChange extends Pick<ChangeMetadata, 'id' | 'operation' | 'committedAt' | 'position'> {
  /** Whose change it is. The same object in all changes of one table: they are compared by reference. */
  readonly table: TableId;
  /** Values of the key columns, in their order; null for a table without a key. */
  readonly key: readonly Value[] | null;
  /** Length of its envelope (DESIGN 7) in UTF-8 up to where the stamp goes: `{"data":…,"metadata":{…`, without the two last braces. */
  readonly bytes: number;
  /** Writes these bytes to `target`, from `at` on. */
  copyTo(target: Uint8Array, at: number): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** For sources that do not write JSON themselves. @param table the event's: the same object for all changes of one table */
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

/** What an open envelope ends with: called for each batch, not for each change. */
export function stampText({ generation, epoch }: Stamp): string {
  return `${JSON.stringify({ generation, epoch }).replace('{', ',')}}`;
}

/** The line up to where the stamp goes. */
function openEnvelope({ data, before, metadata }: ChangeEvent): string {
  return JSON.stringify({ data, before, metadata }).slice(0, -2);
}
