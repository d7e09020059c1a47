import { shorten, tableKey, type Hash, type TableId } from '@dstream/core';
import type { ChangeRow } from './change-row.ts';
import type { Lsn } from './lsn.ts';

/** What remains of 96 characters beside two LSNs, the operation and a tie count. An incarnation takes its own from it. */
const maxTable = 40;

/** Characters of an incarnation, at most. */
export const maxIncarnation = 8;

/**
 * The id of a change: `table:[incarnation:]lsn:seqval:operation[-tie]`, at most 96 characters. It depends on the change alone,
 * never on the ordinal, the page or the capture instance. The incarnation is for the time after a source went back, when
 * LSNs are used again (DESIGN 5, rule 3).
 * @param table see `tablePart`
 */
export function changeId(
  table: string,
  { lsn, seqval, operation }: Pick<ChangeRow, 'lsn' | 'seqval' | 'operation'>,
  tie: number,
): string {
  return `${table}:${lsn}:${seqval}:${operation}${tie === 0 ? '' : `-${tie}`}`;
}

/** The id of a gap that begins at `from` and ends before `to`. */
export function gapId(
  table: TableId,
  hash: Hash,
  { from, to }: { readonly from: Lsn; readonly to: Lsn },
  incarnation?: string,
): string {
  return `${tablePart(table, hash, incarnation)}:${from}:${to}:gap`;
}

/** What all ids of a table's changes begin with, in one incarnation. */
export function tablePart(table: TableId, hash: Hash, incarnation?: string): string {
  if (incarnation === undefined) return shorten(tableKey(table), maxTable, hash);
  return `${shorten(tableKey(table), maxTable - 1 - incarnation.length, hash)}:${incarnation}`;
}
