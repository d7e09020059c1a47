/** What sys.objects says of every object, whatever its kind: the views of its kinds say it first. */
import type { Database } from '../storage/database.ts';
import type { Table } from '../storage/table.ts';
import { datetimeOf } from '../values/basic/moments.ts';
import { types } from './view.ts';

export const objectColumns = {
  name: types.sysname,
  object_id: types.int,
  schema_id: types.int,
  parent_object_id: types.int,
  type: types.code,
  type_desc: types.text,
  create_date: types.datetime,
  modify_date: types.datetime,
  is_ms_shipped: types.bit,
} as const;

export const schemaId = (database: Database, table: Table): number => database.schema(table.schema)?.id ?? 1;

export function objectRow(
  name: string,
  id: number,
  schema: number,
  parent: number,
  type: string,
  description: string,
  createdMs: number,
) {
  return {
    name,
    object_id: id,
    schema_id: schema,
    parent_object_id: parent,
    type,
    type_desc: description,
    create_date: datetimeOf(createdMs),
    modify_date: datetimeOf(createdMs),
    is_ms_shipped: false,
  };
}
