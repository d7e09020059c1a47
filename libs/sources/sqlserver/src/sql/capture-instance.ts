import type { Lsn } from '../position/log-position.ts';

export interface CapturedColumn {
  readonly name: string;
  /** `column_type` of `cdc.captured_columns`. */
  readonly type: string;
  /** `column_ordinal`: its bit in the update mask. */
  readonly ordinal: number;
  /** `max_length` of the change table's column, in bytes; -1 for the max types, 0 where it is not known. */
  readonly maxBytes?: number;
  /** Computed columns are always NULL in a change table and are left out. */
  readonly computed: boolean;
}

/** A capture instance as the catalogue describes it: never the table itself, which may have changed since. */
export interface CaptureInstance {
  readonly name: string;
  /** `start_lsn` of `cdc.change_tables`: the low endpoint of what is kept; cleanup moves it. */
  readonly startLsn: Lsn;
  readonly columns: readonly CapturedColumn[];
  /** How often capture has altered a column of the change table, because that of the table was. See `columnUpdates`. */
  readonly columnUpdates: number;
  /** Names of the key columns in the order of `cdc.index_columns`; empty without a key. */
  readonly key: readonly string[];
}
