/** sys.schemas, sys.tables, sys.objects and sys.databases. */
import { datetimeOf } from './moments.ts';
import { objectColumns, objectRow, schemaId } from './object-row.ts';
import { types, view, type MakeView } from './view.ts';

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
        collation_name: 'SQL_Latin1_General_CP1_CI_AS',
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
  function* ({ database }) {
    for (const table of database.tables()) {
      yield {
        ...objectRow(table.name, table.id, schemaId(database, table), 0, 'U ', 'USER_TABLE', table.createdMs),
        is_tracked_by_cdc: database.cdc?.captures(table) ?? false,
        is_replicated: false,
        temporal_type: 0,
      };
    }
    for (const instance of database.cdc?.instances.values() ?? []) {
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
  function* ({ database }) {
    for (const table of database.tables()) {
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
  function* ({ database }) {
    for (const table of database.tables()) {
      yield {
        TABLE_CATALOG: database.name,
        TABLE_SCHEMA: table.schema,
        TABLE_NAME: table.name,
        TABLE_TYPE: 'BASE TABLE',
      };
    }
  },
);
