/**
 * What one statement did to the rows of a captured table, as rows of its change tables.
 *
 * An update writes 3 and 4 with one seqval. When it changes the key, it is a delete and an insert (1 and 2) with one
 * seqval, and so is an update of another unique column. A statement that changes the keys of several rows goes through
 * split, sort and collapse: a row that leaves a key and another one that takes the same key become one update.
 */
import type { Database } from '../storage/database.ts';
import type { KeyIndex } from '../storage/key-index.ts';
import type { Values } from '../storage/row.ts';
import type { Table } from '../storage/table.ts';
import type { Transaction } from '../storage/transaction.ts';
import type { CaptureInstance } from '../storage/capture-instance.ts';
import type { ChangeDraft } from '../storage/change-draft.ts';
import type { Operation } from '../storage/change-table.ts';

export interface RowChange {
  readonly before: Values | undefined;
  readonly after: Values | undefined;
}

export function captureStatement(
  database: Database,
  transaction: Transaction,
  table: Table,
  changes: readonly RowChange[],
): void {
  const instances = database.cdc?.instancesOf(table) ?? [];
  if (instances.length === 0 || changes.length === 0) return;
  const commandId = ++transaction.commands;
  for (const change of collapse(table, changes).map((one) => deferred(table, one))) {
    const seqval = database.log.nextRecord();
    for (const instance of instances) draftRow(instance, change, seqval, commandId, transaction.drafts);
  }
}

function draftRow(
  instance: CaptureInstance,
  change: RowChange & { split?: boolean },
  seqval: number,
  commandId: number,
  into: ChangeDraft[],
): void {
  const { before, after } = change;
  const add = (operation: Operation, mask: Uint8Array, values: ChangeDraft['values']): void => {
    into.push({ instance, seqval, operation, mask, values, commandId });
  };
  if (before === undefined && after !== undefined) add(2, instance.fullMask, instance.image(after));
  else if (after === undefined && before !== undefined)
    add(1, instance.fullMask, instance.deleteImage(before));
  else if (before !== undefined && after !== undefined) {
    if (change.split === true) {
      add(1, instance.fullMask, instance.deleteImage(before));
      add(2, instance.fullMask, instance.image(after));
      return;
    }
    const mask = instance.maskOf(before, after);
    if (mask === undefined) return;
    add(3, mask, instance.beforeImage(before, mask));
    add(4, mask, instance.image(after));
  }
}

/** The key by which the change tables know a row: the primary key, else the first unique index. */
const keyOf = (table: Table): KeyIndex | undefined =>
  (table.primaryKey ?? table.indexes.find((index) => index.unique))?.keys;

function collapse(table: Table, changes: readonly RowChange[]): readonly (RowChange & { split?: boolean })[] {
  const keys = keyOf(table);
  if (keys === undefined) return changes;
  const moved = changes.filter(
    ({ before, after }) => before !== undefined && after !== undefined && !sameKey(keys, before, after),
  );
  if (moved.length === 0) return changes;
  if (moved.length === 1)
    return changes.map((change) => (change === moved[0] ? { ...change, split: true } : change));
  return splitSortCollapse(keys, changes);
}

/** An update of a column with a unique index beside the key is written as a delete and an insert. */
function deferred<T extends RowChange>(table: Table, change: T): T & { split?: boolean } {
  const { before, after } = change;
  if (before === undefined || after === undefined) return change;
  const touched = table.indexes.some(({ unique, keys }) => unique && !keys.sameColumns(before, after));
  return touched ? { ...change, split: true } : change;
}

const sameKey = (keys: KeyIndex, before: Values, after: Values): boolean =>
  keys.sameColumns(before, after) || keys.keyOf(before) === keys.keyOf(after);

/** In the order of the key, as the sort between split and collapse leaves it. */
function splitSortCollapse(keys: KeyIndex, changes: readonly RowChange[]): RowChange[] {
  const byKey = new Map<string | number, { before?: Values; after?: Values }>();
  const at = (values: Values): { before?: Values; after?: Values } => {
    const key = keys.keyOf(values);
    const found = byKey.get(key) ?? {};
    byKey.set(key, found);
    return found;
  };
  for (const { before, after } of changes) {
    if (before !== undefined) at(before).before = before;
    if (after !== undefined) at(after).after = after;
  }
  return [...byKey]
    .sort(([a], [b]) =>
      typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1,
    )
    .map(([, { before, after }]) => ({ before, after }));
}
