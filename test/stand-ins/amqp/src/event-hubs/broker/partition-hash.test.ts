import { expect, test } from 'vitest';
import { partitionOfKey } from './partition-hash.ts';

/** What the SDK's buffered producer does; it is not exported. */
async function ofTheSdk(): Promise<(key: string, partitions: number) => number> {
  const entry = import.meta.resolve('@azure/event-hubs');
  const file = new URL('./impl/partitionKeyToIdMapper.js', entry).href;
  const module = (await import(file)) as { mapPartitionKeyToId: (key: string, count: number) => number };
  return module.mapPartitionKeyToId;
}

test('a key of any length goes to the partition that the client library computes', async () => {
  const expected = await ofTheSdk();
  for (let length = 0; length <= 40; length += 1) {
    for (const key of ['k'.repeat(length), 'Äß€😀'.repeat(length).slice(0, length), `${length * 7919}`]) {
      for (const partitions of [1, 2, 4, 7, 32, 2_048]) {
        expect([key, partitions, partitionOfKey(key, partitions)]).toEqual([
          key,
          partitions,
          expected(key, partitions),
        ]);
      }
    }
  }
});
