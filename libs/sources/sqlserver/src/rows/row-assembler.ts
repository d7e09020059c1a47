/**
 * Makes logical changes of change-table rows that arrive in the order of a read mode.
 *
 * Rows of one (start LSN, command, seqval) form a group: an update is its 3 and 4, an update of the primary key or a
 * deferred update of a unique column is a 1 and a 2 (FACTS: "change data capture"). A group is kept until a row of
 * another one arrives or the window ends, so nothing depends on where a page was cut, and no place between an update's
 * halves is ever named. A 1 and a 2 with the same key are one update, with different keys a delete and an insert.
 */
import { DStreamError } from '@dstream/core';
import { rowOperation, type ChangeRow, type LogicalChange } from './change-row.ts';
import type { Place, ReadMode } from '../position/position.ts';
import { previousLsn, type Lsn } from '../position/lsn.ts';

/** The values of the key as one text, or undefined for a table without a key. */
export type KeyText = (row: ChangeRow) => string | undefined;

/** What a finished group gives: its changes and the place right behind it. */
export class FinishedGroup {
  readonly changes: readonly LogicalChange[];
  readonly #mode: ReadMode;
  readonly #last: ChangeRow;
  readonly #ordinal: number;
  readonly #next: Lsn | undefined;

  /**
   * @param ordinal of the last change
   * @param next the later transaction whose first row has arrived: up to there all is read, and cleanup may take it
   */
  constructor(
    changes: readonly LogicalChange[],
    mode: ReadMode,
    last: ChangeRow,
    ordinal: number,
    next: Lsn | undefined,
  ) {
    this.changes = changes;
    this.#mode = mode;
    this.#last = last;
    this.#ordinal = ordinal;
    this.#next = next;
  }

  /** Made when it is asked for: of a batch only that of its last group is. */
  get place(): Place {
    const { lsn, commandId, seqval, operation } = this.#last;
    if (this.#next !== undefined) return { kind: 'scanned', mode: this.#mode, lsn: previousLsn(this.#next) };
    return { kind: 'inside', mode: this.#mode, lsn, commandId, seqval, operation, ordinal: this.#ordinal };
  }
}

export class RowAssembler {
  readonly #keyText: KeyText;
  #group: ChangeRow[] = [];
  readonly #mode: ReadMode;
  #lsn: Lsn | undefined;
  #ordinal = 0;

  /** `from` is where reading begins: inside a transaction its ordinals go on. */
  constructor(from: Place, keyText: KeyText) {
    this.#keyText = keyText;
    this.#mode = from.mode;
    if (from.kind === 'inside') {
      this.#lsn = from.lsn;
      this.#ordinal = from.ordinal;
    }
  }

  /** The group that `row` ends by belonging to another one, if there is one. */
  push(row: ChangeRow): FinishedGroup | undefined {
    const [held] = this.#group;
    if (held !== undefined && areOneGroup(held, row)) {
      this.#group.push(row);
      return undefined;
    }
    const finished = this.#finish(held?.lsn === row.lsn ? undefined : row.lsn);
    this.#group = [row];
    return finished;
  }

  /** The group that is held: to be called when the window has no more rows. */
  end(): FinishedGroup | undefined {
    return this.#finish(undefined);
  }

  #finish(next: Lsn | undefined): FinishedGroup | undefined {
    const last = this.#group.at(-1);
    if (last === undefined) return undefined;
    const group = this.#group;
    this.#group = [];
    if (last.lsn !== this.#lsn) {
      this.#lsn = last.lsn;
      this.#ordinal = 0;
    }
    const only = single(group, this.#ordinal + 1);
    const changes = only === undefined ? numbered(pairAll(group, this.#keyText), this.#ordinal) : [only];
    this.#ordinal += changes.length;
    return new FinishedGroup(changes, this.#mode, last, this.#ordinal, next);
  }
}

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

/** Rows that no change came of must not be passed over: what they meant would be lost. */
function notUnderstood(rows: readonly ChangeRow[]): DStreamError {
  const names = rows.map(
    ({ lsn, seqval, operation }) =>
      `operation ${operation} at __$start_lsn 0x${lsn}, __$seqval 0x${seqval}` +
      (operation === rowOperation.updateBefore ? ' without its operation 4' : ''),
  );
  return new DStreamError(
    'Unexpected',
    `the change table has rows that make no change: ${names.slice(0, 3).join('; ')}` +
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
