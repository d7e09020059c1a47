/** The block `match` of a transform or a route: which changes it is about. */
import type { ChangeMatch } from '@dstream/core';
import { child, optional, type BlockSchema, type Reading } from '../schema/schema.ts';
import { columnNames } from '../values/column-names.ts';
import { listOf } from '../values/list-of.ts';
import { choice } from '../values/scalars.ts';
import { parseTablePattern } from '../values/table-pattern.ts';
import { faulty, sound, textOf, type ValueType } from '../values/value-type.ts';

/** The value always has its schema. */
const tablePattern: ValueType<string> = {
  expected: 'table pattern',
  blank: '*.*',
  read: (given) => {
    const pattern = parseTablePattern(textOf(given) ?? '');
    return pattern === undefined
      ? faulty(`${given.shown} is not a table pattern`, 'write "Orders", "sales.*" or "dbo.Order*"')
      : sound(pattern);
  },
};

const operations = choice(['insert', 'update', 'delete', 'read']);

const matchKeys = {
  tables: optional(
    listOf(tablePattern, { what: 'table patterns', one: 'table', example: '["dbo.Order*"]', key: lower }),
    'all tables',
    'Tables: `"Orders"` (in dbo), `"sales.*"`, `"dbo.Order*"`; `*` is any number of characters, and case is ignored.',
  ),
  operations: optional(
    listOf(operations, { what: 'operations', one: 'operation', example: '["insert"]', key: lower }),
    'all operations',
    'Operations: "insert", "update", "delete", "read" (a row of a snapshot).',
  ),
  changed: optional(
    columnNames('["Status"]'),
    'all updates',
    'Columns of which an update must have changed at least one. Inserts and deletes are not judged by it.',
  ),
} as const;

function lower(text: string): string {
  return text.toLowerCase();
}

/** `match { … }`. */
export const matchSchema: BlockSchema<typeof matchKeys> = {
  type: 'match',
  doc: 'Which changes: all conditions must hold.',
  keys: matchKeys,
  blocks: [],
};

/** To be among the blocks of a schema whose reading is given to `readMatch`. */
export const matchChild = child(matchSchema, 'optional');

/** The conditions of the block inside. */
export function readMatch(reading: Reading): ChangeMatch {
  const { tables, operations: wanted, changed } = reading.block(matchSchema).values;
  return {
    ...(tables && { tables }),
    ...(wanted && { operations: wanted }),
    ...(changed && { changed }),
  };
}
