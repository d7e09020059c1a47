/** Change tables as tables: cdc.[<instance>_CT] itself, and what cdc.fn_cdc_get_all_changes_<instance> returns of it. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Compiled, OutputColumn } from '../query/compiled.ts';
import { converted } from '../query/converted.ts';
import type { Bounds, VirtualTable } from '../query/table-like.ts';
import { LSN_TYPE, lsnFromBytes, lsnToBytes, type Lsn } from '../storage/log-sequence.ts';
import type { Values } from '../storage/row.ts';
import type { CaptureInstance } from '../storage/capture-instance.ts';
import type { CdcDatabase } from '../storage/cdc-database.ts';
import type { ChangeRow, Place } from '../storage/change-table.ts';

/** As the messages name the function of any capture instance. */
const ALL_CHANGES = 'cdc.fn_cdc_get_all_changes_ ... ';

const MASK: SqlType = { name: 'varbinary', length: 128 };
const INT: SqlType = { name: 'int' };

const column = (name: string, type: SqlType, nullable: boolean): OutputColumn => ({ name, type, nullable });

/** rowversion is captured as binary(8), which takes any value. */
const capturedType = (type: SqlType): SqlType =>
  type.name === 'timestamp' ? { name: 'binary', length: 8 } : type;

const captured = (instance: CaptureInstance): OutputColumn[] =>
  instance.columns.map(({ name, type }) => column(name, capturedType(type), true));

export function changeTableColumns(instance: CaptureInstance): readonly OutputColumn[] {
  return [
    column('__$start_lsn', LSN_TYPE, false),
    column('__$end_lsn', LSN_TYPE, true),
    column('__$seqval', LSN_TYPE, false),
    column('__$operation', INT, false),
    column('__$update_mask', MASK, true),
    ...captured(instance),
    column('__$command_id', INT, true),
  ];
}

/** The same array for the same 10 bytes in a row, because rows of one transaction follow each other. */
class LsnCache {
  #lsn: Lsn | undefined;
  #bytes: Uint8Array = new Uint8Array();

  bytes(lsn: Lsn): Uint8Array {
    if (lsn !== this.#lsn) {
      this.#lsn = lsn;
      this.#bytes = lsnToBytes(lsn);
    }
    return this.#bytes;
  }
}

export function changeTableView(instance: CaptureInstance): VirtualTable {
  return {
    kind: 'virtual',
    columns: changeTableColumns(instance),
    order: ['__$start_lsn', '__$command_id', '__$seqval', '__$operation'],
    *rows(_frame, bounds) {
      const cache = new LsnCache();
      const { from, to } = range(bounds, -Infinity, Infinity);
      for (const row of instance.changes.between(from, to, placeOf(bounds, false)))
        yield storedRow(row, cache);
    },
  };
}

function storedRow({ lsn, seqval, operation, mask, values, commandId }: ChangeRow, cache: LsnCache): Values {
  return [cache.bytes(lsn), null, lsnToBytes(seqval), operation, mask, ...values, commandId];
}

function range(bounds: Bounds | undefined, from: number, to: number): { from: number; to: number } {
  const { low, high } = bounds ?? {};
  return {
    from: low instanceof Uint8Array ? Math.max(from, lsnFromBytes(low)) : from,
    to: high instanceof Uint8Array ? Math.min(to, lsnFromBytes(high)) : to,
  };
}

/** The parts come in the order of the view: with command id (change table) or without (function). */
function placeOf(bounds: Bounds | undefined, isFunction: boolean): Place | undefined {
  const [lsn, ...rest] = bounds?.after ?? [];
  if (!(lsn instanceof Uint8Array)) return undefined;
  const [commandId, seqval, operation] = isFunction ? [undefined, ...rest] : rest;
  return {
    lsn: lsnFromBytes(lsn),
    ...(typeof commandId === 'number' && { commandId }),
    ...(seqval instanceof Uint8Array && { seqval: lsnFromBytes(seqval) }),
    ...(typeof operation === 'number' && { operation }),
  };
}

/**
 * cdc.fn_cdc_get_all_changes_<instance>: a closed range. Error 313 for NULLs, an unknown option, bounds the wrong way
 * round or outside of low-water mark and max LSN ("cdc.fn_cdc_get_all_changes_<capture_instance>").
 */
export function allChangesFunction(
  cdc: CdcDatabase,
  instance: CaptureInstance,
  args: readonly Compiled[],
): VirtualTable {
  const [from, to, option] = args;
  if (from === undefined || to === undefined || option === undefined || args.length > 3)
    throw errors.tooFewArguments(ALL_CHANGES);
  const evaluators = [
    converted(from, LSN_TYPE),
    converted(to, LSN_TYPE),
    converted(option, { name: 'nvarchar', length: 30 }),
  ] as const;
  return {
    kind: 'virtual',
    columns: [
      column('__$start_lsn', LSN_TYPE, true),
      column('__$seqval', LSN_TYPE, true),
      column('__$operation', INT, true),
      column('__$update_mask', MASK, true),
      ...captured(instance),
    ],
    order: ['__$start_lsn', '__$seqval', '__$operation'],
    rows(frame, bounds) {
      const [low, high, wanted] = evaluators.map((evaluate) => evaluate(frame));
      const both = checkedRange(cdc, instance, low ?? null, high ?? null);
      const withOld = rowFilter(wanted ?? null);
      const { from, to } = range(bounds, both.from, both.to);
      return functionRows(instance, from, to, withOld, placeOf(bounds, true));
    },
  };
}

function checkedRange(
  cdc: CdcDatabase,
  instance: CaptureInstance,
  low: SqlValue,
  high: SqlValue,
): { from: number; to: number } {
  if (!(low instanceof Uint8Array) || !(high instanceof Uint8Array))
    throw errors.tooFewArguments(ALL_CHANGES);
  const [from, to] = [lsnFromBytes(low), lsnFromBytes(high)];
  const { maxLsn } = cdc;
  if (maxLsn === undefined || from > to || from < instance.lowLsn || to > maxLsn)
    throw errors.tooFewArguments(ALL_CHANGES);
  return { from, to };
}

/** True when rows of the image before an update are wanted. */
function rowFilter(option: SqlValue): boolean {
  const wanted = typeof option === 'string' ? option.trimEnd().toLowerCase() : '';
  if (wanted !== 'all' && wanted !== 'all update old') throw errors.tooFewArguments(ALL_CHANGES);
  return wanted !== 'all';
}

function* functionRows(
  instance: CaptureInstance,
  from: number,
  to: number,
  withOld: boolean,
  after: Place | undefined,
): Generator<Values> {
  const cache = new LsnCache();
  for (const { lsn, seqval, operation, mask, values } of instance.changes.betweenBySeqval(from, to, after)) {
    if (operation === 3 && !withOld) continue;
    yield [cache.bytes(lsn), lsnToBytes(seqval), operation, mask, ...values];
  }
}
