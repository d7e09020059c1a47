/**
 * One transaction: what to undo, which databases it writes to, and the changes that capture will see when it commits.
 * The rows themselves keep both versions, so a commit makes the current ones the committed ones, and a rollback walks
 * the undo list backwards.
 */
import type { ChangeDraft } from './change-draft.ts';
import type { Database } from './database.ts';
import type { Row, Values } from './row.ts';
import type { Table } from './table.ts';

export interface RowUndo {
  readonly table: Table;
  readonly row: Row;
  readonly previous: Values | undefined;
}

type Undo = RowUndo | (() => void);

export interface Mark {
  readonly undo: number;
  readonly drafts: number;
}

export class Transaction {
  readonly id: bigint;
  readonly beginMs: number;
  readonly databases = new Set<Database>();
  readonly drafts: ChangeDraft[] = [];
  /** What `__$command_id` counts: statements that changed captured tables. */
  commands = 0;
  readonly #undo: Undo[] = [];
  readonly #savepoints: { readonly name: string; readonly mark: Mark }[] = [];

  constructor(id: bigint, beginMs: number) {
    this.id = id;
    this.beginMs = beginMs;
  }

  mark(): Mark {
    return { undo: this.#undo.length, drafts: this.drafts.length };
  }

  /** For changes of the catalogue. */
  onRollback(undo: () => void): void {
    this.#undo.push(undo);
  }

  insert(table: Table, values: Values): Row {
    const row: Row = { committed: undefined, current: undefined };
    table.rows.add(row);
    this.change(table, row, values);
    return row;
  }

  /** Makes `next` the row's current version; undefined deletes it. */
  change(table: Table, row: Row, next: Values | undefined): void {
    const previous = row.current;
    this.#undo.push({ table, row, previous });
    row.current = next;
    if (next === undefined) return;
    for (const keys of table.keyIndexes()) {
      if (previous === undefined || !keys.sameColumns(previous, next)) keys.add(keys.keyOf(next), row);
    }
  }

  /** For a change of a captured column's type: what was drafted before it. */
  rewriteDrafts(rewrite: (draft: ChangeDraft) => ChangeDraft): void {
    for (const [i, draft] of this.drafts.entries()) this.drafts[i] = rewrite(draft);
  }

  save(name: string): void {
    this.#savepoints.push({ name: name.toLowerCase(), mark: this.mark() });
  }

  /** False when there is no savepoint of that name. */
  rollbackToSavepoint(name: string): boolean {
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name.toLowerCase());
    const savepoint = this.#savepoints[at];
    if (savepoint === undefined) return false;
    this.rollbackTo(savepoint.mark);
    this.#savepoints.length = at + 1;
    return true;
  }

  rollbackTo(mark: Mark): void {
    while (this.#undo.length > mark.undo) undo(this.#undo.pop() as Undo);
    this.drafts.length = mark.drafts;
  }

  rollback(): void {
    this.rollbackTo({ undo: 0, drafts: 0 });
    this.#savepoints.length = 0;
  }

  /** Makes the current versions the committed ones. */
  commitRows(): void {
    for (const entry of this.#undo) if (typeof entry !== 'function') settle(entry);
    this.#undo.length = 0;
  }
}

function undo(entry: Undo): void {
  if (typeof entry === 'function') {
    entry();
    return;
  }
  const { table, row, previous } = entry;
  const undone = row.current;
  row.current = previous;
  for (const keys of table.keyIndexes()) {
    if (undone !== undefined && !isKnownAs(keys.keyOf(undone), row.committed, keys.keyOf.bind(keys))) {
      keys.remove(keys.keyOf(undone), row);
    }
    if (previous !== undefined) keys.add(keys.keyOf(previous), row);
  }
  if (previous === undefined && row.committed === undefined) table.rows.delete(row);
}

function isKnownAs(
  key: string | number,
  values: Values | undefined,
  keyOf: (values: Values) => string | number,
): boolean {
  return values !== undefined && keyOf(values) === key;
}

/** Forgets the keys that the row had on the way. */
function settle({ table, row, previous }: RowUndo): void {
  const { current } = row;
  row.committed = current;
  if (current === undefined) table.rows.delete(row);
  if (previous === undefined) return;
  for (const keys of table.keyIndexes()) {
    if (current !== undefined && keys.sameColumns(previous, current)) continue;
    const key = keys.keyOf(previous);
    if (current === undefined || keys.keyOf(current) !== key) keys.remove(key, row);
  }
}
