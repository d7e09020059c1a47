/**
 * The rows that one statement changes. Constraints hold at the end of the statement, not row by row: `finish` runs
 * cascades, then checks keys and references, then hands the changes to capture. On any error the caller rolls the
 * statement back.
 */
import { captureStatement, type RowChange } from '../cdc/capture-statement.ts';
import { errors } from '../errors/errors.ts';
import type { Database } from '../storage/database.ts';
import type { KeyIndex } from '../storage/key-index.ts';
import type { Row, Values } from '../storage/row.ts';
import type { ForeignKey, Index, Table } from '../storage/table.ts';
import type { Transaction } from '../storage/transaction.ts';
import { displayKey } from './display-key.ts';

interface Touched extends RowChange {
  readonly row: Row;
}

export type Verb = 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE';

export class StatementChanges {
  readonly #transaction: Transaction;
  readonly #database: Database | undefined;
  readonly #verb: Verb;
  readonly #touched = new Map<Table, Touched[]>();

  constructor(transaction: Transaction, database: Database | undefined, verb: Verb) {
    this.#transaction = transaction;
    this.#database = database;
    this.#verb = verb;
  }

  insert(table: Table, values: Values): void {
    const row = this.#transaction.insert(table, values);
    this.#note(table, { row, before: undefined, after: values });
  }

  update(table: Table, row: Row, after: Values): void {
    const before = row.current;
    this.#transaction.change(table, row, after);
    this.#note(table, { row, before, after });
  }

  delete(table: Table, row: Row): void {
    const before = row.current;
    if (before === undefined) return;
    this.#transaction.change(table, row, undefined);
    this.#note(table, { row, before, after: undefined });
  }

  #note(table: Table, touched: Touched): void {
    const list = this.#touched.get(table);
    if (list === undefined) this.#touched.set(table, [touched]);
    else list.push(touched);
  }

  finish(): void {
    for (const [table, touched] of this.#touched) this.#checkReferencing(table, touched);
    for (const [table, touched] of this.#touched) {
      this.#checkUnique(table, touched);
      this.#checkReferenced(table, touched);
    }
    const { touched, database } = { touched: this.#touched, database: this.#database };
    if (database === undefined) return;
    for (const [table, changes] of touched) captureStatement(database, this.#transaction, table, changes);
  }

  #checkUnique(table: Table, touched: readonly Touched[]): void {
    for (const index of table.indexes) {
      if (!index.unique) continue;
      for (const { row, before, after } of touched) {
        if (after === undefined || row.current !== after) continue;
        if (before !== undefined && index.keys.sameColumns(before, after)) continue;
        if (hasOther(index.keys, index.keys.keyOf(after), row)) throw duplicate(table, index, after);
      }
    }
  }

  /** Every row that refers to another finds it. */
  #checkReferenced(table: Table, touched: readonly Touched[]): void {
    for (const foreignKey of table.foreignKeys) {
      for (const { row, before, after } of touched) {
        if (after === undefined || row.current !== after || foreignKey.keys.hasNull(after)) continue;
        if (before !== undefined && foreignKey.keys.sameColumns(before, after)) continue;
        if (!hasParent(foreignKey, after))
          throw this.#conflict(
            'FOREIGN KEY',
            foreignKey,
            foreignKey.referenced,
            foreignKey.referencedColumns,
          );
      }
    }
  }

  /** Rows that refer to what is gone: deleted with it, set to NULL, or an error. Cascades add to what is looked at. */
  #checkReferencing(table: Table, touched: readonly Touched[]): void {
    for (const foreignKey of table.referencedBy) {
      for (let i = 0; i < touched.length; i++) this.#referencing(foreignKey, touched[i] as Touched);
    }
  }

  #referencing(foreignKey: ForeignKey, { before, after }: Touched): void {
    if (before === undefined) return;
    const parents = parentKeys(foreignKey);
    if (parents === undefined || (after !== undefined && parents.sameColumns(before, after))) return;
    const key = parents.keyOf(before);
    if (hasOther(parents, key, undefined)) return;
    const values = parents.positions.map((position) => before[position] ?? null);
    for (const child of Array.from(foreignKey.keys.at(foreignKey.keys.keyOfParts(values)))) {
      if (
        child.current === undefined ||
        foreignKey.keys.keyOf(child.current) !== foreignKey.keys.keyOfParts(values)
      )
        continue;
      this.#onGone(foreignKey, child, after, parents);
    }
  }

  #onGone(foreignKey: ForeignKey, child: Row, after: Values | undefined, parents: KeyIndex): void {
    const action = after === undefined ? foreignKey.onDelete : foreignKey.onUpdate;
    if (action === 'no action' || child.current === undefined) {
      throw this.#conflict('REFERENCE', foreignKey, foreignKey.table, foreignKey.columns);
    }
    const size = this.#touched.get(foreignKey.table)?.length ?? 0;
    if (action === 'cascade' && after === undefined) this.delete(foreignKey.table, child);
    else {
      const values = [...child.current];
      foreignKey.keys.positions.forEach((position, i) => {
        values[position] = action === 'cascade' ? (after?.[parents.positions[i] ?? -1] ?? null) : null;
      });
      this.update(foreignKey.table, child, values);
    }
    this.#checkReferencing(foreignKey.table, (this.#touched.get(foreignKey.table) ?? []).slice(size));
  }

  #conflict(kind: string, foreignKey: ForeignKey, table: Table, columns: readonly string[]): Error {
    const column = columns.length === 1 ? columns[0] : undefined;
    const self = kind === 'FOREIGN KEY' && table === foreignKey.table ? 'FOREIGN KEY SAME TABLE' : kind;
    return errors.constraintConflict(
      this.#verb,
      self,
      foreignKey.name,
      this.#database?.name ?? 'tempdb',
      table.fullName,
      column,
    );
  }
}

function hasOther(keys: KeyIndex, key: string | number, own: Row | undefined): boolean {
  for (const row of keys.at(key)) {
    if (row !== own && row.current !== undefined && keys.keyOf(row.current) === key) return true;
  }
  return false;
}

/** The index of the referenced columns; a foreign key cannot be made without one (error 1776). */
function parentKeys({ referenced, referencedColumns }: ForeignKey): KeyIndex | undefined {
  const wanted = referencedColumns.map((column) => referenced.position(column));
  return referenced.indexes.find(
    ({ unique, keys }) =>
      unique &&
      keys.positions.length === wanted.length &&
      keys.positions.every((position, i) => position === wanted[i]),
  )?.keys;
}

function hasParent(foreignKey: ForeignKey, values: Values): boolean {
  const parents = parentKeys(foreignKey);
  if (parents === undefined) return false;
  return hasOther(
    parents,
    parents.keyOfParts(foreignKey.keys.positions.map((position) => values[position] ?? null)),
    undefined,
  );
}

export function duplicate(table: Table, index: Index, values: Values): Error {
  const shown = displayKey(table, index.keys, values);
  if (index.constraint === undefined) return errors.duplicateIndexKey(index.name, table.fullName, shown);
  return errors.duplicateKey(index.name, index.constraint.kind === 'primary key', table.fullName, shown);
}
