/** Two stores of leases over a container of blobs, for tests of the blob adapter. */
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import type { AzureBlobLeases } from '@dstream/azure-blob';
import { partitionOf, type Lease } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { test as base, vi } from 'vitest';
import { startBlobs, type BlobOperation, type Blobs } from '../stand-ins/blobs/src/index.ts';
import { azureBlobLeases } from './azure-blob-leases.ts';
import { takeLease } from './lease-rig.ts';

export const cars = partitionOf({ source: 'db1', database: 'shop', schema: 'dbo', table: 'Cars' });
export const blobName = 'db1/shop/dbo.Cars.lock';

interface BlobLeasesFixture {
  readonly blobs: Blobs;
  readonly container: ContainerClient;
  /** Of both stores: it stands still. */
  readonly clock: ManualClock;
  readonly open: (instance: string) => AzureBlobLeases;
  readonly a: AzureBlobLeases;
  readonly b: AzureBlobLeases;
  /** Acquires the lease of `cars`. */
  readonly take: (store: AzureBlobLeases) => Promise<Lease>;
  readonly refuse: (operation: BlobOperation, times?: number) => void;
  /** Names of all announcements. */
  readonly instanceBlobs: () => Promise<readonly string[]>;
}

const o = { signal: new AbortController().signal };

/** A test fails if it leaves a timer behind. */
export const blobLeasesTest = base.extend<BlobLeasesFixture>({
  // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern what a fixture needs
  blobs: async ({}, use) => {
    const blobs = await startBlobs();
    await use(blobs);
    vi.useRealTimers();
    await blobs.close();
  },
  // oxlint-disable-next-line no-empty-pattern -- as above
  clock: async ({}, use) => {
    const clock = new ManualClock();
    await use(clock);
    if (clock.sleeping > 0) throw new Error('a call left a timer behind');
  },
  open: ({ blobs, clock }, use) =>
    use((instance) => azureBlobLeases(instance, blobs.connectionString, clock)),
  a: async ({ open }, use) => use(await connected(open('a'))),
  b: async ({ open }, use) => use(await connected(open('b'))),
  container: ({ blobs }, use) =>
    use(BlobServiceClient.fromConnectionString(blobs.connectionString).getContainerClient('locks')),
  // oxlint-disable-next-line no-empty-pattern -- as above
  take: ({}, use) => use((store) => takeLease(store, cars)),
  refuse: ({ blobs }, use) =>
    use((operation, times = 1) => {
      blobs.faults.add({ operation, action: { kind: 'refuse' }, times });
    }),
  instanceBlobs: ({ container }, use) =>
    use(async () => {
      const names = [];
      for await (const { name } of container.listBlobsFlat({ prefix: 'db1/shop/_instances/' }))
        names.push(name);
      return names;
    }),
});

async function connected(store: AzureBlobLeases): Promise<AzureBlobLeases> {
  await store.connect(o);
  return store;
}
