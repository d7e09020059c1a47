import { shorten, tableKey, type Hash, type TableId } from '@dstream/core';
import type { LogicalChange } from './change-row.ts';

/** What remains of 96 characters beside two LSNs, the operation, a tie count and an incarnation. */
const maxTable = 40;

/**
 * Makes the ids of a table's changes: `table:[incarnation:]lsn:seqval:operation[-tie]`, at most 96 characters. They
 * depend on the change alone, never on the ordinal, the page or the capture instance. The incarnation is for the
 * time after a source went back, when LSNs are used again (DESIGN 5, rule 3).
 */
export function changeIds(
  table: TableId,
  hash: Hash,
  incarnation?: string,
): (change: LogicalChange) => string {
  const name = shorten(tableKey(table), maxTable, hash);
  const prefix = incarnation === undefined ? name : `${name}:${incarnation}`;
  return ({ after, tie }) =>
    `${prefix}:${after.lsn}:${after.seqval}:${after.operation}${tie === 0 ? '' : `-${tie}`}`;
}
