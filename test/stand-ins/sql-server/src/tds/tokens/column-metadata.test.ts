import { expect, test } from 'vitest';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { writeColumns } from './column-metadata.ts';

/** Count of columns, user type and flags, then token and length of the type, and the collation of characters. */
const BEFORE_TABLE = 1 + 2 + 4 + 2 + 1 + 4;
const COLLATION_BYTES = 5;

test.each([
  ['text', COLLATION_BYTES],
  ['ntext', COLLATION_BYTES],
  ['image', 0],
] as const)('%s comes from a table with a name of one part, because clients refuse none', (name, more) => {
  const out = new ByteWriter();
  writeColumns(out, [{ name: 'c', type: { name }, nullable: true }]);
  const reader = new ByteReader(out.take());
  reader.skip(BEFORE_TABLE + more);
  expect([reader.u8(), reader.u16(), reader.shortText(), reader.atEnd]).toEqual([1, 0, 'c', true]);
});
