/** sys.schemas, sys.tables, sys.objects and sys.databases. */
import type { SqlDecimal } from '../interface/engine-session.ts';
import { type Lsn, lsnParts } from '../storage/log-sequence.ts';
import { datetimeOf } from '../values/basic/moments.ts';
import { objectColumns, objectRow, schemaId } from './object-row.ts';
import { types, view, type MakeView } from './view.ts';
import { visibleInstances, visibleTables } from './visible.ts';

export const databases: MakeView = view(
  {
    name: types.sysname,
    database_id: types.int,
    create_date: types.datetime,
    compatibility_level: types.tinyint,
    collation_name: types.sysname,
    user_access_desc: types.text,
    is_read_only: types.bit,
    state: types.tinyint,
    state_desc: types.text,
    snapshot_isolation_state: types.tinyint,
    is_read_committed_snapshot_on: types.bit,
    recovery_model_desc: types.text,
    is_cdc_enabled: types.bit,
  },
  function* ({ state }) {
    for (const database of state.databases.values()) {
      yield {
        name: database.name,
        database_id: database.id,
        create_date: datetimeOf(database.createdMs),
        compatibility_level: 160,
        collation_name: database.collation.name,
        user_access_desc: 'MULTI_USER',
        is_read_only: database.readOnly,
        state: database.offline ? 6 : 0,
        state_desc: database.offline ? 'OFFLINE' : 'ONLINE',
        snapshot_isolation_state: 0,
        is_read_committed_snapshot_on: true,
        recovery_model_desc: 'FULL',
        is_cdc_enabled: database.cdc !== undefined,
      };
    }
  },
);

/** "sys.database_recovery_status". The GUIDs of a database that is offline are NULL. */
export const recoveryStatus: MakeView = view(
  {
    database_id: types.int,
    database_guid: types.guid,
    family_guid: types.guid,
    last_log_backup_lsn: types.lsnNumber,
    recovery_fork_guid: types.guid,
    first_recovery_fork_guid: types.guid,
    fork_point_lsn: types.lsnNumber,
  },
  function* ({ state }) {
    for (const database of state.databases.values()) {
      if (database.offline) {
        yield { database_id: database.id };
        continue;
      }
      yield {
        database_id: database.id,
        database_guid: database.guid,
        family_guid: database.familyGuid,
        recovery_fork_guid: database.recoveryFork,
        first_recovery_fork_guid: database.firstRecoveryFork,
        fork_point_lsn: database.forkPoint === undefined ? null : lsnNumber(database.forkPoint),
      };
    }
  },
);

/** As catalogue views of backups write an LSN: file, ten digits of block, five of slot. */
function lsnNumber(lsn: Lsn): SqlDecimal {
  const [file, block, slot] = lsnParts(lsn);
  return { unscaled: (BigInt(file) * 10n ** 10n + BigInt(block)) * 10n ** 5n + BigInt(slot), scale: 0 };
}

export const schemas: MakeView = view(
  { name: types.sysname, schema_id: types.int, principal_id: types.int },
  function* ({ database }) {
    for (const { name, id } of database.schemas.values()) yield { name, schema_id: id, principal_id: 1 };
  },
);

export const tables: MakeView = view(
  {
    ...objectColumns,
    is_tracked_by_cdc: types.bit,
    is_replicated: types.bit,
    temporal_type: types.tinyint,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      yield {
        ...objectRow(table.name, table.id, schemaId(database, table), 0, 'U ', 'USER_TABLE', table.createdMs),
        is_tracked_by_cdc: database.cdc?.captures(table) ?? false,
        is_replicated: false,
        temporal_type: 0,
      };
    }
    for (const instance of visibleInstances(database, frame)) {
      const schema = database.schema('cdc')?.id ?? 0;
      yield {
        ...objectRow(
          `${instance.name}_CT`,
          instance.objectId,
          schema,
          0,
          'U ',
          'USER_TABLE',
          instance.createdMs,
        ),
        is_ms_shipped: true,
        is_tracked_by_cdc: false,
        is_replicated: false,
        temporal_type: 0,
      };
    }
  },
);

export const objects: MakeView = view(
  {
    ...objectColumns,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      const schema = schemaId(database, table);
      yield objectRow(table.name, table.id, schema, 0, 'U ', 'USER_TABLE', table.createdMs);
      for (const { name, constraint } of table.indexes) {
        if (constraint === undefined) continue;
        const primary = constraint.kind === 'primary key';
        yield objectRow(
          name,
          constraint.objectId,
          schema,
          table.id,
          primary ? 'PK' : 'UQ',
          primary ? 'PRIMARY_KEY_CONSTRAINT' : 'UNIQUE_CONSTRAINT',
          table.createdMs,
        );
      }
      for (const { name, objectId } of table.checks)
        yield objectRow(name, objectId, schema, table.id, 'C ', 'CHECK_CONSTRAINT', table.createdMs);
      for (const { name, objectId } of table.foreignKeys)
        yield objectRow(name, objectId, schema, table.id, 'F ', 'FOREIGN_KEY_CONSTRAINT', table.createdMs);
      for (const column of table.columns) {
        if (column.default !== undefined)
          yield objectRow(
            column.default.name,
            column.default.objectId,
            schema,
            table.id,
            'D ',
            'DEFAULT_CONSTRAINT',
            table.createdMs,
          );
      }
    }
  },
);

export const informationTables: MakeView = view(
  {
    TABLE_CATALOG: types.sysname,
    TABLE_SCHEMA: types.sysname,
    TABLE_NAME: types.sysname,
    TABLE_TYPE: types.sysname,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      yield {
        TABLE_CATALOG: database.name,
        TABLE_SCHEMA: table.schema,
        TABLE_NAME: table.name,
        TABLE_TYPE: 'BASE TABLE',
      };
    }
  },
);
