/** sys.indexes, sys.index_columns, sys.key_constraints, sys.foreign_keys and sys.foreign_key_columns. */
import type { Table } from '../storage/table.ts';
import { schemaId } from '../catalogue/object-row.ts';
import { types, view, type MakeView } from '../catalogue/view.ts';
import { visibleTables } from '../catalogue/visible.ts';

const idOf = (table: Table, column: string): number => table.columns[table.position(column) ?? -1]?.id ?? 0;

export const indexes: MakeView = view(
  {
    object_id: types.int,
    name: types.sysname,
    index_id: types.int,
    type: types.tinyint,
    type_desc: types.text,
    is_unique: types.bit,
    is_primary_key: types.bit,
    is_unique_constraint: types.bit,
    is_disabled: types.bit,
    has_filter: types.bit,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      if (!table.indexes.some((index) => index.clustered)) {
        yield {
          object_id: table.id,
          name: null,
          index_id: 0,
          type: 0,
          type_desc: 'HEAP',
          is_unique: false,
          is_primary_key: false,
          is_unique_constraint: false,
          is_disabled: false,
          has_filter: false,
        };
      }
      for (const { name, id, clustered, unique, constraint } of table.indexes) {
        yield {
          object_id: table.id,
          name,
          index_id: id,
          type: clustered ? 1 : 2,
          type_desc: clustered ? 'CLUSTERED' : 'NONCLUSTERED',
          is_unique: unique,
          is_primary_key: constraint?.kind === 'primary key',
          is_unique_constraint: constraint?.kind === 'unique',
          is_disabled: false,
          has_filter: false,
        };
      }
    }
  },
);

export const indexColumns: MakeView = view(
  {
    object_id: types.int,
    index_id: types.int,
    index_column_id: types.int,
    column_id: types.int,
    key_ordinal: types.tinyint,
    is_descending_key: types.bit,
    is_included_column: types.bit,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      for (const { id, columns } of table.indexes) {
        for (const [i, column] of columns.entries()) {
          yield {
            object_id: table.id,
            index_id: id,
            index_column_id: i + 1,
            column_id: idOf(table, column),
            key_ordinal: i + 1,
            is_descending_key: false,
            is_included_column: false,
          };
        }
      }
    }
  },
);

export const keyConstraints: MakeView = view(
  {
    name: types.sysname,
    object_id: types.int,
    schema_id: types.int,
    parent_object_id: types.int,
    type: types.code,
    type_desc: types.text,
    unique_index_id: types.int,
    is_system_named: types.bit,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      for (const { name, id, constraint } of table.indexes) {
        if (constraint === undefined) continue;
        const primary = constraint.kind === 'primary key';
        yield {
          name,
          object_id: constraint.objectId,
          schema_id: schemaId(database, table),
          parent_object_id: table.id,
          type: primary ? 'PK' : 'UQ',
          type_desc: primary ? 'PRIMARY_KEY_CONSTRAINT' : 'UNIQUE_CONSTRAINT',
          unique_index_id: id,
          is_system_named: !constraint.named,
        };
      }
    }
  },
);

const ACTIONS = { 'no action': 0, cascade: 1, 'set null': 2, 'set default': 3 } as const;

export const foreignKeys: MakeView = view(
  {
    name: types.sysname,
    object_id: types.int,
    schema_id: types.int,
    parent_object_id: types.int,
    referenced_object_id: types.int,
    is_disabled: types.bit,
    delete_referential_action: types.tinyint,
    delete_referential_action_desc: types.text,
    update_referential_action: types.tinyint,
    update_referential_action_desc: types.text,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      for (const { name, objectId, referenced, onDelete, onUpdate } of table.foreignKeys) {
        yield {
          name,
          object_id: objectId,
          schema_id: schemaId(database, table),
          parent_object_id: table.id,
          referenced_object_id: referenced.id,
          is_disabled: false,
          delete_referential_action: ACTIONS[onDelete],
          delete_referential_action_desc: onDelete.toUpperCase().replace(' ', '_'),
          update_referential_action: ACTIONS[onUpdate],
          update_referential_action_desc: onUpdate.toUpperCase().replace(' ', '_'),
        };
      }
    }
  },
);

export const foreignKeyColumns: MakeView = view(
  {
    constraint_object_id: types.int,
    constraint_column_id: types.int,
    parent_object_id: types.int,
    parent_column_id: types.int,
    referenced_object_id: types.int,
    referenced_column_id: types.int,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      for (const { objectId, columns, referenced, referencedColumns } of table.foreignKeys) {
        for (const [i, column] of columns.entries()) {
          yield {
            constraint_object_id: objectId,
            constraint_column_id: i + 1,
            parent_object_id: table.id,
            parent_column_id: idOf(table, column),
            referenced_object_id: referenced.id,
            referenced_column_id: idOf(referenced, referencedColumns[i] ?? ''),
          };
        }
      }
    }
  },
);
