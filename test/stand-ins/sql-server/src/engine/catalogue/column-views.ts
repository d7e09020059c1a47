/** sys.columns, sys.types, sys.identity_columns, sys.computed_columns and INFORMATION_SCHEMA.COLUMNS. */
import type { SqlType } from '../interface/engine-session.ts';
import type { CaptureInstance } from '../storage/capture-instance.ts';
import { changeTableColumns } from './change-table-view.ts';
import { familyOf, isCharacter } from '../values/index.ts';
import {
  characterLength,
  maxLength,
  precisionOf,
  scaleOf,
  SYSTEM_TYPE_IDS,
  userTypeId,
} from '../values/basic/type-ids.ts';
import { types, view, type MakeView } from './view.ts';
import { visibleInstances, visibleTables } from './visible.ts';

const columnShape = {
  object_id: types.int,
  name: types.sysname,
  column_id: types.int,
  system_type_id: types.tinyint,
  user_type_id: types.int,
  max_length: types.smallint,
  precision: types.tinyint,
  scale: types.tinyint,
  collation_name: types.sysname,
  is_nullable: types.bit,
  is_rowguidcol: types.bit,
  is_identity: types.bit,
  is_computed: types.bit,
  is_hidden: types.bit,
  default_object_id: types.int,
} as const;

function columnRow(
  objectId: number,
  { name, type, nullable }: { readonly name: string; readonly type: SqlType; readonly nullable: boolean },
  id: number,
  collation: string,
) {
  return {
    object_id: objectId,
    name,
    column_id: id,
    system_type_id: SYSTEM_TYPE_IDS[type.name],
    user_type_id: userTypeId(type),
    max_length: maxLength(type),
    precision: precisionOf(type),
    scale: scaleOf(type),
    collation_name: isCharacter(type) && type.name !== 'xml' ? collation : null,
    is_nullable: nullable,
    is_rowguidcol: false,
    is_identity: false,
    is_computed: false,
    is_hidden: false,
    default_object_id: 0,
  };
}

export const columns: MakeView = view(columnShape, function* ({ database }, frame) {
  for (const table of visibleTables(database, frame)) {
    for (const column of table.columns) {
      yield {
        ...columnRow(table.id, column, column.id, database.collation.name),
        is_identity: column.identity !== undefined,
        is_computed: column.computed !== undefined,
        ...(column.alias && { user_type_id: column.alias.id }),
        default_object_id: column.default?.objectId ?? 0,
      };
    }
  }
  for (const instance of visibleInstances(database, frame))
    yield* changeColumns(instance, database.collation.name);
});

function* changeColumns(instance: CaptureInstance, collation: string) {
  let id = 0;
  for (const { name, type } of changeTableColumns(instance))
    yield columnRow(instance.objectId, { name, type, nullable: true }, ++id, collation);
}

export const systemTypes: MakeView = view(
  {
    name: types.sysname,
    system_type_id: types.tinyint,
    user_type_id: types.int,
    schema_id: types.int,
    max_length: types.smallint,
    precision: types.tinyint,
    scale: types.tinyint,
    is_nullable: types.bit,
    is_user_defined: types.bit,
    is_assembly_type: types.bit,
  },
  function* ({ database }) {
    for (const { id, name, schema, type, nullable } of database.types.values()) {
      yield {
        name,
        system_type_id: SYSTEM_TYPE_IDS[type.name],
        user_type_id: id,
        schema_id: database.schema(schema)?.id ?? 1,
        max_length: maxLength(type),
        precision: precisionOf(type),
        scale: scaleOf(type),
        is_nullable: nullable,
        is_user_defined: true,
        is_assembly_type: false,
      };
    }
    for (const name of Object.keys(SYSTEM_TYPE_IDS) as SqlType['name'][]) {
      const type: SqlType = { name };
      yield {
        name,
        system_type_id: SYSTEM_TYPE_IDS[name],
        user_type_id: userTypeId(type),
        schema_id: 4,
        max_length: familyOf(type) === 'character' || familyOf(type) === 'binary' ? 8000 : maxLength(type),
        precision: familyOf(type) === 'decimal' ? 38 : precisionOf(type),
        scale: familyOf(type) === 'decimal' ? 38 : scaleOf(type),
        is_nullable: true,
        is_user_defined: false,
        is_assembly_type: familyOf(type) === 'opaque',
      };
    }
    yield {
      name: 'sysname',
      system_type_id: 231,
      user_type_id: 256,
      schema_id: 4,
      max_length: 256,
      precision: 0,
      scale: 0,
      is_nullable: false,
      is_user_defined: false,
      is_assembly_type: false,
    };
  },
);

export const computedColumns: MakeView = view(
  { object_id: types.int, name: types.sysname, column_id: types.int, is_persisted: types.bit },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      for (const { name, id, computed, persisted } of table.columns) {
        if (computed !== undefined)
          yield { object_id: table.id, name, column_id: id, is_persisted: persisted };
      }
    }
  },
);

export const informationColumns: MakeView = view(
  {
    TABLE_CATALOG: types.sysname,
    TABLE_SCHEMA: types.sysname,
    TABLE_NAME: types.sysname,
    COLUMN_NAME: types.sysname,
    ORDINAL_POSITION: types.int,
    IS_NULLABLE: types.sysname,
    DATA_TYPE: types.sysname,
    CHARACTER_MAXIMUM_LENGTH: types.int,
    NUMERIC_PRECISION: types.tinyint,
    NUMERIC_SCALE: types.int,
    DATETIME_PRECISION: types.smallint,
  },
  function* ({ database }, frame) {
    for (const table of visibleTables(database, frame)) {
      for (const [i, { name, type, nullable }] of table.columns.entries()) {
        const family = familyOf(type);
        const numeric = ['integer', 'decimal', 'money', 'float'].includes(family);
        yield {
          TABLE_CATALOG: database.name,
          TABLE_SCHEMA: table.schema,
          TABLE_NAME: table.name,
          COLUMN_NAME: name,
          ORDINAL_POSITION: i + 1,
          IS_NULLABLE: nullable ? 'YES' : 'NO',
          DATA_TYPE: type.name,
          CHARACTER_MAXIMUM_LENGTH:
            family === 'character' || family === 'binary' ? characterLength(type) : null,
          NUMERIC_PRECISION: numeric ? precisionOf(type) : null,
          NUMERIC_SCALE: numeric && family !== 'float' ? scaleOf(type) : null,
          DATETIME_PRECISION: family === 'moment' ? scaleOf(type) : null,
        };
      }
    }
  },
);
