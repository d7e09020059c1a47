/** What the overview of the leases does beyond its contract: it finds what it cannot name exactly, and reads little. */
import { BlobServiceClient } from '@azure/storage-blob';
import { partitionOf } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startBlobs, type Blobs } from '../stand-ins/blobs/src/index.ts';
import { azureBlobLeases } from '../support/azure-blob-leases.ts';
import { checkpoint, takeLease } from '../support/lease-rig.ts';

const o = { signal: new AbortController().signal };
const clock = new ManualClock();
const table = (name: string) => partitionOf({ source: 'db1', database: 'shop', schema: 'dbo', table: name });

let blobs: Blobs;
beforeEach(async () => {
  blobs = await startBlobs();
});
afterEach(async () => {
  await blobs.close();
  if (clock.sleeping > 0) throw new Error('a call left a timer behind');
});

const open = (change: Parameters<typeof azureBlobLeases>[3] = {}) =>
  azureBlobLeases('a', blobs.connectionString, clock, change);

const keys = async (leases: ReturnType<typeof open>) =>
  (await leases.overview(o)).partitions.map(({ partition }) => partition);

async function withTables(...names: readonly string[]) {
  const leases = open();
  await leases.connect(o);
  for (const name of names) await leases.save(checkpoint('1'), await takeLease(leases, table(name)), o);
  return leases;
}

test('a container that does not exist is an empty one, and is not made', async () => {
  expect(await open().overview(o)).toEqual({ instances: [], partitions: [] });
  expect(blobs.counters.get('create-container')).toBeUndefined();
});

test('the database may be spelled in other letters than the catalogue spells it', async () => {
  await withTables('Cars');
  expect(await keys(open({ source: { scope: 'db1/SHOP' } }))).toEqual(['db1/shop/dbo.Cars']);
});

test.each(['db1/sho', 'db1/shop2', 'db/shop', 'db11/shop'])(
  'what belongs to another source or database is not seen: %s',
  async (scope) => {
    await withTables('Cars');
    expect(await keys(open({ source: { scope } }))).toEqual([]);
  },
);

test('content that is not a checkpoint is the problem of its table, and the others are seen', async () => {
  await withTables('Cars');
  const container = BlobServiceClient.fromConnectionString(blobs.connectionString).getContainerClient(
    'locks',
  );
  await container.getBlockBlobClient('db1/shop/dbo.Bikes.lock').upload('locked by 4711', 14);
  expect(await open().overview(o)).toMatchObject({
    partitions: [
      {
        partition: 'db1/shop/dbo.Bikes',
        owner: undefined,
        checkpoint: undefined,
        problem: expect.stringContaining('dbo.Bikes.lock'),
      },
      { partition: 'db1/shop/dbo.Cars', owner: 'a', checkpoint: { position: '1' }, problem: undefined },
    ],
  });
});

test('looking again reads only what has changed', async () => {
  const names = Array.from({ length: 40 }, (_, n) => `T${n}`);
  const owner = await withTables(...names.slice(1));
  const viewer = open();
  const read = async () => {
    const before = blobs.counters.get('get-blob') ?? 0;
    const { partitions } = await viewer.overview(o);
    return [partitions.length, (blobs.counters.get('get-blob') ?? 0) - before];
  };
  expect(await read()).toEqual([39, 39]);
  expect(await read()).toEqual([39, 0]);
  const lease = await takeLease(owner, table('T0'));
  expect(await read()).toEqual([40, 1]);
  await owner.save(checkpoint('2'), lease, o);
  expect(await read()).toEqual([40, 1]);
});

test('a storage that refuses is an error, not an empty overview', async () => {
  const viewer = await withTables('Cars');
  blobs.faults.add({ operation: 'get-blob', action: { kind: 'refuse' }, times: 1 });
  await expect(viewer.overview(o)).rejects.toMatchObject({ disposition: 'retry' });
  await expect(keys(viewer)).resolves.toEqual(['db1/shop/dbo.Cars']);
});
