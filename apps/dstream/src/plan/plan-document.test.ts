import type { Configuration } from '@dstream/config';
import { expect, test } from 'vitest';
import { planDocument } from './plan-document.ts';

const source = { name: 'books', database: 'main', scope: 'books/main', server: 'books.jsonl', tables: [] };
const configuration = {
  file: 'dstream.hcl',
  ingester: { topic: { name: 'ingest-topic' } },
  processor: undefined,
  notes: [],
} as unknown as Configuration;

test('a plan notes that the source has no tables, where only its data does', () => {
  const { tables, notes } = planDocument(configuration, { source, tables: [] }, false);
  expect(tables).toEqual([]);
  expect(notes).toEqual([
    'the source has no tables yet',
    'dstream.hcl has no processor block: the destinations are not known',
  ]);
});
