/** The event that stands for changes that are gone (DESIGN 7): the marker of `on_gap = "skip"`. */
import type { ChangeEvent, Hash, TableId } from '@dstream/core';
import { gapId } from '../rows/change-id.ts';
import type { Gap } from '../rows/history.ts';
import { previousLsn, zeroLsn } from '../position/lsn.ts';
import { positionAfter } from '../position/position.ts';

/** The same gap always gives the same event: all it says was noted with it. */
export function gapEvent(table: TableId, gap: Gap, hash: Hash, incarnation: string | undefined): ChangeEvent {
  return {
    data: null,
    metadata: {
      version: 2,
      id: gapId(table, hash, gap, incarnation),
      source: 'sqlserver',
      server: table.source,
      database: table.database,
      schema: table.schema,
      table: table.table,
      operation: 'gap',
      key: null,
      gap: {
        reason: gap.reason,
        from: { lsn: `0x${gap.from}`, ...(gap.fromAt !== undefined && { at: gap.fromAt }) },
        to: { lsn: `0x${gap.to}`, ...(gap.toAt !== undefined && { at: gap.toAt }) },
      },
      origin: { captureInstance: gap.captureInstance, lsn: `0x${gap.to}`, seqval: `0x${zeroLsn}` },
      sequence: 0,
      committedAt: gap.toAt ?? gap.noticedAt,
      position: positionAfter(previousLsn(gap.to)),
    },
  };
}
