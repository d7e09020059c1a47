/**
 * What capture instances do when their table is altered: a changed type is changed in the change table too, so that
 * nothing is lost, and everything is written down in cdc.ddl_history ("Handling changes to source tables",
 * "cdc.ddl_history"). A column that is added is not captured; one that is dropped stays and is NULL from then on.
 */
import type { AlterAction } from '../parser/table-ast.ts';
import type { ServerState } from '../server/server-state.ts';
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';
import type { Transaction } from '../storage/transaction.ts';
import { converter } from '../values/index.ts';
import type { CaptureInstance } from '../storage/capture-instance.ts';
import type { CdcDatabase } from '../storage/cdc-database.ts';

export interface Following {
  readonly state: ServerState;
  readonly database: Database;
  readonly transaction: Transaction;
}

export function followTable(
  table: Table,
  action: AlterAction,
  { state, database, transaction }: Following,
): void {
  const { cdc } = database;
  if (cdc === undefined) return;
  for (const instance of cdc.instancesOf(table)) {
    const retyped = action.kind === 'alterColumn' && retype(instance, action.column, cdc, transaction);
    cdc.ddl.push({
      sourceTable: table.id,
      objectId: instance.objectId,
      command: `ALTER TABLE [${table.schema}].[${table.name}] ${action.kind}`,
      lsn: database.log.nextRecord(),
      timeMs: state.nowMs(),
      requiredColumnUpdate: retyped,
    });
    transaction.onRollback(() => void cdc.ddl.pop());
  }
}

/** False when the column is not captured or its type is the same. */
function retype(
  instance: CaptureInstance,
  name: string,
  cdc: CdcDatabase,
  transaction: Transaction,
): boolean {
  const column = instance.table.columns[instance.table.position(name) ?? -1];
  const at = instance.columns.findIndex(({ columnId }) => columnId === column?.id);
  const old = instance.columns[at];
  if (column === undefined || old === undefined) return false;
  const convert = converter(old.type, column.type);
  const { columns } = instance;
  const changed = { ...old, type: column.type };
  instance.columns = columns.map((each) => (each === old ? changed : each));
  const undo = [instance.changes.rewrite(at, convert), cdc.rewritePending(instance, at, convert)];
  transaction.rewriteDrafts((draft) =>
    draft.instance === instance
      ? { ...draft, values: draft.values.with(at, convert(draft.values[at] ?? null)) }
      : draft,
  );
  transaction.onRollback(() => {
    instance.columns = columns;
    for (const step of undo) step();
  });
  return true;
}
