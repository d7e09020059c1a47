/** Rows of a change table, and the logical changes that they make: an update is one change in two rows. */
import { DStreamError, type Value } from '@dstream/core';
import type { Cells } from '../client/sql-client.ts';
import { lsnOf, previousLsn, type LogPosition, type Lsn, type ReadMode } from '../position/log-position.ts';
import { leadingColumns, type SelectedColumn } from '../sql/page-statement.ts';

/** `__$operation` of a change table ("cdc.<capture_instance>_CT"). */
export const rowOperation = { delete: 1, insert: 2, updateBefore: 3, updateAfter: 4 } as const;

/** One row of a change table, its values decoded. */
export interface ChangeRow {
  readonly lsn: Lsn;
  /** `__$command_id`; 0 where it is not known. */
  readonly commandId: number;
  readonly seqval: Lsn;
  readonly operation: number;
  /** `__$update_mask`. */
  readonly mask: Buffer;
  /** In the order of the columns of the page statement. */
  readonly values: readonly Value[];
  /** Approximate size of the row in memory and on the topic. */
  readonly bytes: number;
}

/** One change as a user sees it: an insert, an update or a delete of one row. */
export interface LogicalChange {
  readonly operation: 'insert' | 'update' | 'delete';
  /** The row after the change; of a delete the last image. */
  readonly after: ChangeRow;
  /** The row before it; of an update only. */
  readonly before?: ChangeRow;
  /** From 1, within the transaction in this table. */
  readonly ordinal: number;
  /** Counts changes whose rows have the same complete key: 0 unless SQL Server wrote such a tie. */
  readonly tie: number;
}

/** Decodes rows of the page statement. Keeps the last start LSN, which all rows of a transaction share. */
export class RowDecoder {
  readonly #columns: readonly SelectedColumn[];
  #lastBytes: Buffer | undefined;
  #lastLsn = '' as Lsn;

  constructor(columns: readonly SelectedColumn[]) {
    this.#columns = columns;
  }

  /** Called for each row, in the order of the statement. */
  decode({ values, bytes }: Cells): ChangeRow {
    const [lsn, seqval, operation, mask] = values as [Buffer, Buffer, number, Buffer];
    const commandId = values[leadingColumns.length + this.#columns.length] as number | null | undefined;
    return {
      lsn: this.#lsn(lsn),
      commandId: commandId ?? 0,
      seqval: lsnOf(seqval),
      operation,
      mask,
      values: this.#values(values),
      bytes,
    };
  }

  #lsn(bytes: Buffer): Lsn {
    if (this.#lastBytes?.equals(bytes) === true) return this.#lastLsn;
    this.#lastBytes = bytes;
    this.#lastLsn = lsnOf(bytes);
    return this.#lastLsn;
  }

  #values(cells: readonly unknown[]): readonly Value[] {
    return this.#columns.map(({ decode }, n) => {
      const cell = cells[leadingColumns.length + n];
      return cell === null ? null : decode(cell);
    });
  }
}

/** The values of the key as one text, or undefined for a table without a key. */
export type KeyText = (row: ChangeRow) => string | undefined;

/**
 * Makes logical changes of rows that arrive in the order of a read mode.
 *
 * Rows of one (start LSN, command, seqval) form a group: an update is its 3 and 4, an update of the primary key or a
 * deferred update of a unique column is a 1 and a 2. A group is kept until a row of
 * another one arrives or the page ends, so nothing depends on where a page was cut, and no position is ever between the
 * two rows of an update. A 1 and a 2 with the same key are one update, with different keys a delete and an insert.
 */
export class RowAssembler {
  readonly #keyText: KeyText;
  readonly #mode: ReadMode;
  readonly #from: LogPosition;
  #group: ChangeRow[] = [];
  /** State after the last finished group: its last row, the ordinal of its last change, and the LSN after it when that is known. */
  #last: ChangeRow | undefined;
  #next: Lsn | undefined;
  #lsn: Lsn | undefined;
  #ordinal = 0;

  /** `from` is where reading begins: inside a transaction its ordinals continue. */
  constructor(from: LogPosition, keyText: KeyText) {
    this.#from = from;
    this.#keyText = keyText;
    this.#mode = from.mode;
    if (from.kind === 'inside') {
      this.#lsn = from.lsn;
      this.#ordinal = from.ordinal;
    }
  }

  /**
   * Right after the last finished group; before the first one where reading began. When a row of a later transaction has
   * arrived, everything before that one is read, and cleanup may remove it.
   */
  get position(): LogPosition {
    if (this.#last === undefined) return this.#from;
    const { lsn, commandId, seqval, operation } = this.#last;
    const mode = this.#mode;
    if (this.#next !== undefined) return { kind: 'between', mode, lsn: previousLsn(this.#next) };
    return { kind: 'inside', mode, lsn, commandId, seqval, operation, ordinal: this.#ordinal };
  }

  /** The changes of the group that ended before `row`; none while `row` belongs to the same group. */
  push(row: ChangeRow): readonly LogicalChange[] {
    const [first] = this.#group;
    if (first === undefined || areOneGroup(first, row)) {
      this.#group.push(row);
      return none;
    }
    const changes = this.#finish(first.lsn === row.lsn ? undefined : row.lsn);
    this.#group = [row];
    return changes;
  }

  /** The changes of the group that is kept: to be called when the page has no more rows. */
  end(): readonly LogicalChange[] {
    return this.#finish(undefined);
  }

  #finish(next: Lsn | undefined): readonly LogicalChange[] {
    const group = this.#group;
    const last = group.at(-1);
    if (last === undefined) return none;
    this.#group = [];
    this.#last = last;
    this.#next = next;
    if (last.lsn !== this.#lsn) {
      this.#lsn = last.lsn;
      this.#ordinal = 0;
    }
    const only = single(group, this.#ordinal + 1);
    const changes = only === undefined ? numbered(pairAll(group, this.#keyText), this.#ordinal) : [only];
    this.#ordinal += changes.length;
    return changes;
  }
}

const none: readonly LogicalChange[] = [];

function areOneGroup(a: ChangeRow, b: ChangeRow): boolean {
  return a.lsn === b.lsn && a.commandId === b.commandId && a.seqval === b.seqval;
}
type Unnumbered = Pick<LogicalChange, 'operation' | 'after' | 'before'>;

function numbered(changes: readonly Unnumbered[], ordinal: number): LogicalChange[] {
  const seen = new Map<number, number>();
  return changes.map((change, index) => {
    const tie = seen.get(change.after.operation) ?? 0;
    seen.set(change.after.operation, tie + 1);
    return { ...change, ordinal: ordinal + index + 1, tie };
  });
}

/** The change of a usual group, without the lists that the others take: an insert or a delete, and an update of plain columns. */
function single([first, second, third]: readonly ChangeRow[], ordinal: number): LogicalChange | undefined {
  if (first === undefined || third !== undefined) return undefined;
  const { operation } = first;
  if (second === undefined) {
    if (operation === rowOperation.insert) return { operation: 'insert', after: first, ordinal, tie: 0 };
    return operation === rowOperation.delete
      ? { operation: 'delete', after: first, ordinal, tie: 0 }
      : undefined;
  }
  if (operation !== rowOperation.updateBefore || second.operation !== rowOperation.updateAfter)
    return undefined;
  return { operation: 'update', after: second, before: first, ordinal, tie: 0 };
}

function pairAll(group: readonly ChangeRow[], keyText: KeyText): Unnumbered[] {
  const of = (operation: number) => inOneOrder(group.filter((row) => row.operation === operation));
  const [deleted, befores] = [of(rowOperation.delete), of(rowOperation.updateBefore)];
  const replaced = of(rowOperation.insert).map((row) => pairInsert(row, deleted, keyText));
  const updated = of(rowOperation.updateAfter).map((row) => pairUpdate(row, befores, keyText));
  const unpaired = [...befores, ...group.filter(({ operation }) => !knownOperations.has(operation))];
  if (unpaired.length > 0) throw notUnderstood(unpaired);
  return [...deleted.map((after): Unnumbered => ({ operation: 'delete', after })), ...replaced, ...updated];
}

/** Rows with the same complete key come in any order, another one each time: ids and ordinals must not depend on it. */
function inOneOrder(ties: readonly ChangeRow[]): ChangeRow[] {
  if (ties.length < 2) return [...ties];
  const texts = new Map(ties.map((row) => [row, JSON.stringify(row.values)]));
  const textOf = (row: ChangeRow) => texts.get(row) ?? '';
  return ties.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0));
}

const knownOperations: ReadonlySet<number> = new Set(Object.values(rowOperation));

/** Rows that form no change must not be skipped: what they mean would be lost. */
function notUnderstood(rows: readonly ChangeRow[]): DStreamError {
  const names = rows.map(
    ({ lsn, seqval, operation }) =>
      `operation ${operation} at __$start_lsn 0x${lsn}, __$seqval 0x${seqval}` +
      (operation === rowOperation.updateBefore ? ' without its operation 4' : ''),
  );
  return new DStreamError(
    'Unexpected',
    `the change table has rows that do not form a change: ${names.slice(0, 3).join('; ')}` +
      (names.length > 3 ? `; and ${names.length - 3} more` : ''),
  );
}

function pairInsert(after: ChangeRow, deleted: ChangeRow[], keyText: KeyText): Unnumbered {
  const before = takeSameKey(after, deleted, keyText);
  return before === undefined ? { operation: 'insert', after } : { operation: 'update', after, before };
}

/** An after image without its before is still an update: the row filter option `all` gives those. */
function pairUpdate(after: ChangeRow, befores: ChangeRow[], keyText: KeyText): Unnumbered {
  const before = takeSameKey(after, befores, keyText) ?? befores.shift();
  return before === undefined ? { operation: 'update', after } : { operation: 'update', after, before };
}

/** Takes the other half out of `others`. */
function takeSameKey(row: ChangeRow, others: ChangeRow[], keyText: KeyText): ChangeRow | undefined {
  const key = keyText(row);
  const at = key === undefined ? -1 : others.findIndex((other) => keyText(other) === key);
  return at === -1 ? undefined : others.splice(at, 1)[0];
}
