/** The tables of the schema cdc: change_tables, captured_columns, index_columns, ddl_history, lsn_time_mapping. */
import { datetimeOf } from '../values/basic/moments.ts';
import { types, view, type MakeView } from './view.ts';
import type { SqlType } from '../interface/engine-session.ts';
import type { VirtualTable } from '../query/table-like.ts';
import { LSN_TYPE, lsnFromBytes, lsnToBytes } from '../storage/log-sequence.ts';
import type { CdcDatabase, LogEntry } from '../storage/cdc-database.ts';

export const changeTables: MakeView = view(
  {
    object_id: types.int,
    version: types.int,
    source_object_id: types.int,
    capture_instance: types.sysname,
    start_lsn: types.lsn,
    end_lsn: types.lsn,
    supports_net_changes: types.bit,
    has_drop_pending: types.bit,
    role_name: types.sysname,
    index_name: types.sysname,
    filegroup_name: types.sysname,
    create_date: types.datetime,
    partition_switch: types.bit,
  },
  function* ({ database }) {
    for (const instance of database.cdc?.instances.values() ?? []) {
      yield {
        object_id: instance.objectId,
        version: 0,
        source_object_id: instance.table.id,
        capture_instance: instance.name,
        start_lsn: lsnToBytes(instance.lowLsn),
        supports_net_changes: instance.supportsNetChanges,
        role_name: instance.roleName,
        index_name: instance.indexName,
        create_date: datetimeOf(instance.createdMs),
        partition_switch: true,
      };
    }
  },
);

export const capturedColumns: MakeView = view(
  {
    object_id: types.int,
    column_name: types.sysname,
    column_id: types.int,
    column_type: types.sysname,
    column_ordinal: types.int,
    is_computed: types.bit,
    masking_function: types.text,
  },
  function* ({ database }) {
    for (const instance of database.cdc?.instances.values() ?? []) {
      for (const { name, columnId, type, ordinal, computed } of instance.columns) {
        yield {
          object_id: instance.objectId,
          column_name: name,
          column_id: columnId,
          column_type: type.name,
          column_ordinal: ordinal,
          is_computed: computed,
        };
      }
    }
  },
);

export const cdcIndexColumns: MakeView = view(
  { object_id: types.int, column_name: types.sysname, index_ordinal: types.tinyint, column_id: types.int },
  function* ({ database }) {
    for (const instance of database.cdc?.instances.values() ?? []) {
      for (const [i, { name, columnId }] of instance.indexColumns.entries()) {
        yield { object_id: instance.objectId, column_name: name, index_ordinal: i + 1, column_id: columnId };
      }
    }
  },
);

export const ddlHistory: MakeView = view(
  {
    source_object_id: types.int,
    object_id: types.int,
    required_column_update: types.bit,
    ddl_command: { name: 'nvarchar', length: 'max' } satisfies SqlType,
    ddl_lsn: types.lsn,
    ddl_time: types.datetime,
  },
  function* ({ database }) {
    for (const { sourceTable, objectId, command, lsn, timeMs, requiredColumnUpdate } of database.cdc?.ddl ??
      []) {
      yield {
        source_object_id: sourceTable,
        object_id: objectId,
        required_column_update: requiredColumnUpdate,
        ddl_command: command,
        ddl_lsn: lsnToBytes(lsn),
        ddl_time: datetimeOf(timeMs),
      };
    }
  },
);

const MAPPING = [
  { name: 'start_lsn', type: LSN_TYPE, nullable: false },
  { name: 'tran_begin_time', type: types.datetime, nullable: true },
  { name: 'tran_end_time', type: types.datetime, nullable: true },
  { name: 'tran_id', type: { name: 'varbinary', length: 10 } satisfies SqlType, nullable: true },
  { name: 'tran_begin_lsn', type: LSN_TYPE, nullable: true },
];

/** Ordered by LSN and searched by it, because a client looks up the times of a batch of LSNs. */
export function lsnTimeMapping(cdc: CdcDatabase): VirtualTable {
  return {
    kind: 'virtual',
    columns: MAPPING,
    order: ['start_lsn'],
    *rows(_frame, bounds) {
      const bytes = (value: unknown, otherwise: number): number =>
        value instanceof Uint8Array ? lsnFromBytes(value) : otherwise;
      const from = Math.max(bytes(bounds?.low, -Infinity), bytes(bounds?.after?.[0], -Infinity));
      const to = bytes(bounds?.high, Infinity);
      for (let at = cdc.mappingAt(from); at < cdc.mapping.length; at++) {
        const entry = cdc.mapping[at] as LogEntry;
        if (entry.lsn > to) return;
        yield [
          lsnToBytes(entry.lsn),
          datetimeOf(entry.beginMs),
          datetimeOf(entry.endMs),
          transactionBytes(entry.transactionId),
          null,
        ];
      }
    },
  };
}

function transactionBytes(id: bigint): Uint8Array {
  if (id === 0n) return Uint8Array.of(0);
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) bytes[i] = Number((id >> BigInt(8 * i)) & 0xffn);
  return bytes;
}
