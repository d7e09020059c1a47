import type { ChangeMetadata, Row } from '@dstream/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partitionKeyOf, partitionOfKey } from './partition-key.ts';

const keyed = (key: Row | null) =>
  partitionKeyOf({ server: 'db1', database: 'shop', schema: 'dbo', table: 'Persons', key } as ChangeMetadata);

test.each([
  ['a number', { ID: 180 }, '180'],
  ['text, unchanged', { Code: 'Ä "1"' }, 'Ä "1"'],
  ['a large number, which is text', { ID: '9007199254740993' }, '9007199254740993'],
  ['a boolean', { Yes: true }, 'true'],
  ['several columns', { Code: 'A', No: 7 }, '["A",7]'],
])('the partition key is the value of the key: %s', (_, key, expected) => {
  expect(keyed(key)).toBe(expected);
});

test('the values of several columns do not run into each other', () => {
  expect(keyed({ A: 'x","y', B: 'z' })).not.toBe(keyed({ A: 'x', B: 'y","z' }));
});

test('without a key it is the identity of the table', () => {
  expect(keyed(null)).toBe('db1/shop/dbo.Persons');
});

/** What the SDK's buffered producer does; it is not exported. */
async function ofTheSdk(): Promise<(key: string, partitions: number) => number> {
  const entry = import.meta.resolve('@azure/event-hubs');
  const file = new URL('./impl/partitionKeyToIdMapper.js', entry).href;
  const module = (await import(file)) as { mapPartitionKeyToId: (key: string, count: number) => number };
  return module.mapPartitionKeyToId;
}

describe('the partition of a key', () => {
  test('is the one that the buffered producer of the SDK chooses, for keys of any length and any text', async () => {
    const expected = await ofTheSdk();
    const anyKey = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.integer().map(String),
    );
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 2_048 }), (key, partitions) => {
        expect(partitionOfKey(key, partitions)).toBe(expected(key, partitions));
      }),
      { numRuns: 2_000 },
    );
  });

  // Hashes that the tests of the .NET client expect (PartitionResolverTests).
  test.each([
    ['7', -15_263],
    ['131', 30_562],
    ['7149583486996073602', 12_977],
    ['FWfAT', -22_341],
    ['sOdeEAsyQoEuEFPGerWO', -6_503],
    ['FAyAIctPeCgmiwLKbJcyswoHglHVjQdvtBowLACDNORsYvOcLddNJYDmhAVkbyLOrHTKLneMNcbgWVlasVywOByANjs', 5_226],
    ['!c*_!I@1^c', 15_372],
  ])('of %o follows from the hash %i', (key, hash) => {
    const counts = [1, 4, 32, 1_000, 32_749];
    expect(counts.map((count) => partitionOfKey(key, count))).toEqual(
      counts.map((count) => Math.abs(hash % count)),
    );
  });

  test('keys spread over all partitions', () => {
    const counts = new Map<number, number>();
    for (let id = 0; id < 3_200; id += 1) {
      const partition = partitionOfKey(String(id), 32);
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
    }
    expect([counts.size, Math.min(...counts.values()) > 50]).toEqual([32, true]);
  });
});
