/** A capture instance: which columns of which table go into which change table, and from when on. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Lsn } from './log-sequence.ts';
import type { Values } from './row.ts';
import type { Table } from './table.ts';
import { hashKey } from '../values/comparison/hash-key.ts';
import { ChangeTable } from './change-table.ts';

export interface CapturedColumn {
  readonly name: string;
  readonly type: SqlType;
  /** column_id in the source table. */
  readonly columnId: number;
  /** column_ordinal in the change table, from 1. */
  readonly ordinal: number;
  readonly computed: boolean;
}

export interface CaptureIndexColumn {
  readonly name: string;
  readonly columnId: number;
}

export class CaptureInstance {
  readonly name: string;
  readonly table: Table;
  readonly objectId: number;
  /** A changed type of a column changes here too. */
  columns: readonly CapturedColumn[];
  readonly supportsNetChanges: boolean;
  readonly roleName: string | null;
  readonly indexName: string | null;
  readonly indexColumns: readonly CaptureIndexColumn[];
  readonly createdMs: number;
  /** The low-water mark: the LSN of its creation until cleanup moves it. */
  lowLsn: Lsn;
  readonly createdLsn: Lsn;
  readonly changes = new ChangeTable();
  /** Somebody dropped `cdc.<instance>_CT` by hand: the instance is there, its table is not. */
  changeTableGone = false;
  /** While somebody holds a lock on the change table: resolves when he lets go. */
  locked: Promise<void> | undefined;
  readonly fullMask: Uint8Array;

  constructor(
    init: Omit<
      CaptureInstance,
      | 'changes'
      | 'changeTableGone'
      | 'locked'
      | 'fullMask'
      | 'lowLsn'
      | 'image'
      | 'remember'
      | 'beforeImage'
      | 'maskOf'
      | 'deleteImage'
    >,
  ) {
    this.name = init.name;
    this.table = init.table;
    this.objectId = init.objectId;
    this.columns = init.columns;
    this.supportsNetChanges = init.supportsNetChanges;
    this.roleName = init.roleName;
    this.indexName = init.indexName;
    this.indexColumns = init.indexColumns;
    this.createdMs = init.createdMs;
    this.createdLsn = init.createdLsn;
    this.lowLsn = init.createdLsn;
    this.fullMask = fullMaskOf(init.columns.length);
  }

  /** Its state now. The result puts it back. */
  remember(): () => void {
    const { columns, lowLsn, changeTableGone } = this;
    const rows = this.changes.remember();
    return () => {
      Object.assign(this, { columns, lowLsn, changeTableGone });
      rows();
    };
  }

  /** The captured columns of a row. Computed and dropped columns are NULL. */
  image(values: Values): SqlValue[] {
    return this.#positions().map((position) => (position < 0 ? null : (values[position] ?? null)));
  }

  /**
   * As `image`, without the large values: (n)varchar(max), varbinary(max) and xml are NULL in the image before an
   * update unless the column changed; text, ntext and image always are ("cdc.<capture_instance>_CT").
   */
  beforeImage(values: Values, mask: Uint8Array): SqlValue[] {
    return this.image(values).map((value, i) => {
      const column = this.columns[i] as CapturedColumn;
      if (isOldLarge(column.type)) return null;
      return isLarge(column.type) && !isBitSet(mask, column.ordinal) ? null : value;
    });
  }

  deleteImage(values: Values): SqlValue[] {
    return this.image(values).map((value, i) =>
      isOldLarge((this.columns[i] as CapturedColumn).type) ? null : value,
    );
  }

  /** Undefined when no captured column changed: then the update is not captured by this instance. */
  maskOf(before: Values, after: Values): Uint8Array | undefined {
    const mask = new Uint8Array(this.fullMask.length);
    let changed = false;
    this.#positions().forEach((position, i) => {
      if (position < 0 || sameValue(before[position] ?? null, after[position] ?? null)) return;
      setBit(mask, i + 1);
      changed = true;
    });
    return changed ? mask : undefined;
  }

  #positions(): readonly number[] {
    const { columns } = this.table;
    if (this.#positionsFor !== columns) {
      this.#positionsFor = columns;
      this.#cached = this.columns.map((captured) =>
        captured.computed ? -1 : columns.findIndex((column) => column.id === captured.columnId),
      );
    }
    return this.#cached;
  }

  #positionsFor: unknown;
  #cached: readonly number[] = [];
}

const isOldLarge = (type: SqlType): boolean => ['text', 'ntext', 'image'].includes(type.name);

const isLarge = (type: SqlType): boolean => type.length === 'max' || type.name === 'xml';

/** Bytes are compared exactly: a change of case is a change. */
function sameValue(a: SqlValue, b: SqlValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if ('type' in a) return 'type' in b && a.type.name === b.type.name && sameValue(a.value, b.value);
  return hashKey(a) === hashKey(b);
}

/** The lowest ordinals are in the last byte (sys.fn_cdc_is_bit_set reads it so). */
export function setBit(mask: Uint8Array, ordinal: number): void {
  const at = mask.length - 1 - ((ordinal - 1) >> 3);
  mask[at] = (mask[at] ?? 0) | (1 << ((ordinal - 1) & 7));
}

export function isBitSet(mask: Uint8Array, ordinal: number): boolean {
  return (((mask[mask.length - 1 - ((ordinal - 1) >> 3)] ?? 0) >> ((ordinal - 1) & 7)) & 1) === 1;
}

function fullMaskOf(columns: number): Uint8Array {
  const mask = new Uint8Array(Math.ceil(columns / 8));
  for (let ordinal = 1; ordinal <= columns; ordinal++) setBit(mask, ordinal);
  return mask;
}
