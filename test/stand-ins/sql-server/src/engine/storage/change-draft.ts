/** A row of a change table before its transaction is committed: everything but the commit LSN. */
import type { CaptureInstance } from './capture-instance.ts';
import type { UncommittedRow } from './change-table.ts';

export interface ChangeDraft extends UncommittedRow {
  readonly instance: CaptureInstance;
}
