/** Makes the change event of a logical change (DESIGN 7): images, key, what changed and what CDC did not carry. */
import type { ChangeEvent, Hash, Row, TableId, Unavailable } from '@dstream/core';
import type { CapturedColumn, CaptureInstance } from '../sql/capture-instance.ts';
import type { SelectedColumn } from '../sql/page-statement.ts';
import { rowOperation, type ChangeRow, type LogicalChange } from './change-row.ts';
import { changeIds } from './change-id.ts';
import { positionOf } from './position.ts';
import { isBitSet } from './update-mask.ts';

export interface EventBuilderOptions {
  readonly table: TableId;
  readonly instance: CaptureInstance;
  readonly columns: readonly SelectedColumn[];
  /** Captured, but not selected: unavailable in every image. */
  readonly unreadable?: readonly CapturedColumn[];
  readonly hash: Hash;
  /** See `changeIds`. */
  readonly incarnation?: string | undefined;
}

export class EventBuilder {
  readonly #options: EventBuilderOptions;
  readonly #idOf: (change: LogicalChange) => string;
  readonly #unreadable: readonly CapturedColumn[];
  /** Names of the unreadable ones. */
  readonly #never: readonly string[];

  constructor(options: EventBuilderOptions) {
    this.#options = options;
    this.#unreadable = options.unreadable ?? [];
    this.#never = this.#unreadable.map(({ name }) => name);
    this.#idOf = changeIds(options.table, options.hash, options.incarnation);
  }

  build(change: LogicalChange, committedAt: string): ChangeEvent {
    const { table, instance } = this.#options;
    const { operation, after, before, ordinal } = change;
    const lostData = operation === 'delete' ? this.#lostIn(after) : this.#never;
    const lostBefore = before === undefined ? [] : this.#lostBefore(before, after);
    const unavailable: Unavailable[] = [
      ...(lostData.length === 0 ? [] : [{ in: 'data' as const, columns: lostData }]),
      ...(lostBefore.length === 0 ? [] : [{ in: 'before' as const, columns: lostBefore }]),
    ];
    const metadata = {
      version: 1 as const,
      id: this.#idOf(change),
      source: 'sqlserver',
      server: table.source,
      database: table.database,
      schema: table.schema,
      table: table.table,
      captureInstance: instance.name,
      operation,
      key: this.#key(after.row),
      ...(operation === 'update' ? { changed: this.#changed(after, before, lostBefore) } : {}),
      ...(unavailable.length === 0 ? {} : { unavailable }),
      lsn: `0x${after.lsn}`,
      seqval: `0x${after.seqval}`,
      sequence: ordinal,
      committedAt,
      position: positionOf(after.lsn, ordinal),
    };
    const data = without(after.row, lostData);
    return before === undefined
      ? { data, metadata }
      : { data, before: without(before.row, lostBefore), metadata };
  }

  #key(row: Row): Row | null {
    const { key } = this.#options.instance;
    const [only] = key;
    if (only === undefined) return null;
    if (key.length === 1) return { [only]: row[only] ?? null };
    return Object.fromEntries(key.map((name) => [name, row[name] ?? null]));
  }

  /** text, ntext and image are NULL in row 1, whatever they held. */
  #lostIn({ row }: ChangeRow): readonly string[] {
    return this.#named(({ lostBefore, name }) => lostBefore && row[name] === null);
  }

  /**
   * Columns whose old value CDC did not carry. The max types and xml are NULL in row 3 unless the column changed; a
   * column that did not change has its value in row 4, so a NULL there too was a NULL before.
   */
  #lostBefore(before: ChangeRow, after: ChangeRow): readonly string[] {
    return this.#named(({ name, ordinal, lostBefore }: SelectedColumn) => {
      if (before.row[name] !== null) return false;
      const touched = isBitSet(after.mask, ordinal);
      return lostBefore ? touched || after.row[name] !== null : !touched && after.row[name] !== null;
    });
  }

  /** The names of such columns, and of those that are never known. */
  #named(lost: (column: SelectedColumn) => boolean): readonly string[] {
    const names = this.#options.columns.filter(lost).map(({ name }) => name);
    return this.#never.length === 0 ? names : [...names, ...this.#never];
  }

  #changed(after: ChangeRow, before: ChangeRow | undefined, lost: readonly string[]): string[] {
    // In rows 1 and 2 the mask is all ones and tells nothing.
    const telling = after.operation === rowOperation.updateAfter;
    const changed = ({ name, ordinal }: Pick<SelectedColumn, 'name' | 'ordinal'>) => {
      if (!isBitSet(after.mask, ordinal)) return false;
      if (before === undefined || lost.includes(name)) return telling;
      return before.row[name] !== after.row[name];
    };
    const columns = this.#options.columns.filter(changed);
    return [...columns, ...this.#unreadable.filter(changed)].map(({ name }) => name);
  }
}

function without(row: Row, names: readonly string[]): Row {
  if (names.length === 0) return row;
  const left = new Set(names); // there may be a thousand
  return Object.fromEntries(Object.entries(row).filter(([name]) => !left.has(name)));
}
