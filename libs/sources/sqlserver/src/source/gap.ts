/** Whether changes that a table needs are lost. Pure. */
import { DStreamError, tableName, type TableId } from '@dstream/core';
import { neededFrom, zeroLsn, type LogPosition, type Lsn } from '../position/log-position.ts';
import { restart, type Gap } from '../position/resume-point.ts';
import type { Creation } from '../sql/catalogue.ts';

/** How far back a capture instance keeps its history. */
export interface KeptHistory {
  readonly captureInstance: string;
  /** Low-water mark of the capture instance. */
  readonly low: Lsn;
}

/** The error when an instance that keeps its history from `low` on cannot continue at `position`. Called for each batch. */
export function gapBelow(
  table: TableId,
  position: LogPosition,
  { captureInstance, low }: KeptHistory,
): DStreamError | undefined {
  if (low === zeroLsn)
    return new DStreamError(
      'PermissionDenied',
      `sys.fn_cdc_get_min_lsn returns ten zero bytes for the capture instance ${captureInstance} of ${tableName(table)}: ` +
        'the instance is gone, or the login lacks SELECT on its captured columns or membership of its gating role',
    );
  if (position.lsn >= low) return undefined; // as a rule, and without arithmetic
  const from = neededFrom(position);
  if (from >= low) return undefined;
  return new DStreamError(
    'HistoryLost',
    `capture instance ${captureInstance} of ${tableName(table)} keeps history from 0x${low}, but the checkpoint needs ` +
      `0x${from}: the changes in between were cleaned up before they were read; set on_gap = "skip" or ${restart}, and raise the retention of CDC`,
  );
}

/** Changes are lost: `on_gap` decides whether the table stops or continues. */
export type GapError = DStreamError & { readonly code: Gap['reason'] };

/** True for HistoryLost and SourceWentBack. */
export function isGapError(error: unknown): error is GapError {
  return error instanceof DStreamError && (error.code === 'HistoryLost' || error.code === 'SourceWentBack');
}

/** The same error with the commit times around the gap, as far as they are known. */
export function withTimes(error: DStreamError, { fromAt, toAt }: Pick<Gap, 'fromAt' | 'toAt'>): DStreamError {
  const times = [
    ...(fromAt === undefined ? [] : [`the last transaction that was read was committed at ${fromAt}`]),
    ...(toAt === undefined ? [] : [`the first one that is kept at ${toAt}`]),
  ];
  if (times.length === 0) return error;
  return new DStreamError(error.code, `${error.message} (${times.join(', ')})`, { cause: error });
}

/** The SourceWentBack that is not skipped yet, because it may be a replica that lags. */
export function notProven(error: DStreamError): DStreamError {
  const what =
    'it is not skipped before the database has a commit that is newer than what was read, since until then it may be a replica ' +
    `that lags; to continue at once, ${restart}`;
  return new DStreamError(error.code, `${error.message}; ${what}`, { cause: error });
}

/** True when the instance did not exist at the position, or still keeps all since it was created: nothing was cleaned up. */
export function createdAnew({ createdAtMs, nextAtMs, lowIsTransaction }: Creation): boolean {
  return !lowIsTransaction || (nextAtMs !== undefined && nextAtMs < createdAtMs);
}

/** The HistoryLost of an instance that was created anew. @param at when, ISO 8601 */
export function missingBefore(
  table: TableId,
  position: LogPosition,
  { captureInstance, low }: KeptHistory,
  at: string,
): DStreamError {
  return new DStreamError(
    'HistoryLost',
    `capture instance ${captureInstance} of ${tableName(table)} was created anew at ${at} and holds changes from 0x${low}, but the ` +
      `checkpoint needs 0x${neededFrom(position)}: the changes in between are in no change table; ${restart}, and ` +
      'copy the missing changes to the destinations by other means. To change a capture instance without a gap, add a second one, and drop the first ' +
      'after it was read to its end',
  );
}

/**
 * The error when `position` is above the max LSN: the source was restored, or is a replica that lags. Not so at the very
 * start of an instance, which lies above the max LSN until capture has come so far.
 */
export function wentBack(
  table: TableId,
  position: LogPosition,
  max: Lsn,
  { low }: KeptHistory,
): DStreamError | undefined {
  if (position.lsn <= max || neededFrom(position) <= low) return undefined;
  return new DStreamError(
    'SourceWentBack',
    `the checkpoint of ${tableName(table)} is at 0x${position.lsn}, but its database is only at 0x${max}: ` +
      'it was restored or replaced, and LSNs are used again; set on_gap = "skip" to continue with what it keeps, under new ids. A ' +
      'read-only replica that lags behind the one read before looks the same: then wait until it has caught up',
  );
}
