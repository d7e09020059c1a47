/** sys.sp_cdc_help_change_data_capture. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import type { Procedure, ProcedureCall } from '../query/procedure.ts';
import { mayReadCapture } from '../security/capture-access.ts';
import { lsnToBytes } from '../storage/log-sequence.ts';
import type { CaptureInstance } from '../storage/capture-instance.ts';
import { enabledCdc } from '../cdc/enabled-database.ts';
import { BIT, LIST, LSN, NAME } from '../cdc/procedure-types.ts';

export const helpChangeDataCapture: Procedure = {
  parameters: [
    { name: '@source_schema', type: NAME },
    { name: '@source_name', type: NAME },
  ],
  writes: false,
  run: helpCapture,
};

function helpCapture(call: ProcedureCall): void {
  const { database, values } = call;
  const cdc = enabledCdc(database);
  const column = (name: string, type: SqlType) => ({ name, type, nullable: true });
  const wantedSchema = values['@source_schema'];
  const wantedName = values['@source_name'];
  call.emit({
    kind: 'columns',
    columns: [
      column('source_schema', NAME),
      column('source_table', NAME),
      column('capture_instance', NAME),
      column('object_id', { name: 'int' }),
      column('source_object_id', { name: 'int' }),
      column('start_lsn', LSN),
      column('end_lsn', LSN),
      column('supports_net_changes', BIT),
      column('has_drop_pending', BIT),
      column('role_name', NAME),
      column('index_name', NAME),
      column('filegroup_name', NAME),
      column('index_column_list', LIST),
      column('captured_column_list', LIST),
    ],
  });
  let count = 0;
  for (const instance of cdc.instances.values()) {
    if (!mayReadCapture(call.access, instance)) continue;
    if (typeof wantedSchema === 'string' && cdc.fold(instance.table.schema) !== cdc.fold(wantedSchema))
      continue;
    if (typeof wantedName === 'string' && cdc.fold(instance.table.name) !== cdc.fold(wantedName)) continue;
    count++;
    call.emit({ kind: 'row', values: helpRow(instance) });
  }
  call.emit({ kind: 'done', count, inProcedure: true });
}

function helpRow(instance: CaptureInstance): readonly SqlValue[] {
  const quoted = (columns: readonly { readonly name: string }[]): string =>
    columns.map(({ name }) => `[${name}]`).join(', ');
  return [
    instance.table.schema,
    instance.table.name,
    instance.name,
    instance.objectId,
    instance.table.id,
    lsnToBytes(instance.lowLsn),
    null,
    instance.supportsNetChanges,
    null,
    instance.roleName,
    instance.indexName,
    null,
    instance.indexColumns.length === 0 ? null : quoted(instance.indexColumns),
    quoted(instance.columns),
  ];
}
