/** A change as its source hands it on: encoded as soon as it was read, so that nothing of its row need be kept. */
import type { ChangeEvent, ChangeMetadata, Value } from './change-event.ts';
import { openEnvelope } from './envelope.ts';
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

/** @param table the event's: the same object for all changes of one table */
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
