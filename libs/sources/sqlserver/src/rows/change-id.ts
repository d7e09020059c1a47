import { shorten, tableKey, type Hash, type TableId } from '@dstream/core';
import type { Lsn } from '../position/lsn.ts';

/** What remains of 96 characters beside two LSNs, the operation and a tie count. An incarnation takes its own from it. */
const maxTable = 40;

/** Characters of an incarnation, at most. */
export const maxIncarnation = 8;

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
