import type { Value } from '@dstream/core';
import type { Lsn } from '../position/lsn.ts';

/** `__$operation` of a change table ("cdc.<capture_instance>_CT"). */
export const rowOperation = { delete: 1, insert: 2, updateBefore: 3, updateAfter: 4 } as const;

/** One row of a change table, its values decoded. */
export interface ChangeRow {
  readonly lsn: Lsn;
  /** `__$command_id`; 0 where it is not known. */
  readonly commandId: number;
  readonly seqval: Lsn;
  readonly operation: number;
  readonly mask: Buffer;
  /** By the columns of the page statement. */
  readonly values: readonly Value[];
  /** Rough size of the row in memory and on the topic. */
  readonly bytes: number;
}

/** One change as a user thinks of it: an update is one, though CDC writes two rows. */
export interface LogicalChange {
  readonly operation: 'insert' | 'update' | 'delete';
  /** The row after the change; of a delete the last image. */
  readonly after: ChangeRow;
  /** Of an update. */
  readonly before?: ChangeRow;
  /** From 1, within the transaction in this table. */
  readonly ordinal: number;
  /** Counts changes whose rows carry the same complete key: 0 unless SQL Server wrote such a tie. */
  readonly tie: number;
}

export const changeBytes = (change: LogicalChange): number =>
  change.after.bytes + (change.before?.bytes ?? 0);
