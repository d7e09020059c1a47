/** A row of a change table before its transaction is committed: everything but the commit LSN. */
import type { SqlValue } from '../engine-session.ts';
import type { Lsn } from '../storage/log-sequence.ts';
import type { CaptureInstance } from './capture-instance.ts';

/** 1 delete, 2 insert, 3 update (before), 4 update (after). */
export type Operation = 1 | 2 | 3 | 4;

export interface ChangeDraft {
  readonly instance: CaptureInstance;
  readonly seqval: Lsn;
  readonly operation: Operation;
  readonly mask: Uint8Array;
  /** By ordinal of the captured columns. */
  readonly values: readonly SqlValue[];
  readonly commandId: number;
}
