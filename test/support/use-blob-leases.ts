/** Two stores of leases over a container of blobs, new for every test of a file. */
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import type { AzureBlobLeases } from '@dstream/azure-blob';
import { partitionOf, type Lease } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, vi } from 'vitest';
import { startBlobs, type BlobOperation, type Blobs } from '../stand-ins/blobs/src/index.ts';
import { azureBlobLeases } from './azure-blob-leases.ts';
import { takeLease } from './lease-rig.ts';

/** The partition that tests use, and its blob. */
export const cars = partitionOf({ source: 'db1', database: 'shop', schema: 'dbo', table: 'Cars' });
export const blobName = 'db1/shop/dbo.Cars.lock';

export interface BlobLeases {
  readonly blobs: Blobs;
  readonly container: ContainerClient;
  /** Of all stores: it stands still. */
  readonly clock: ManualClock;
  readonly a: AzureBlobLeases;
  readonly b: AzureBlobLeases;
  /** Another store. */
  readonly open: (instance: string) => AzureBlobLeases;
  /** Acquires the lease of `cars`. */
  readonly take: (store: AzureBlobLeases) => Promise<Lease>;
  readonly refuse: (operation: BlobOperation, times?: number) => void;
  /** Names of all announcements. */
  readonly instanceBlobs: () => Promise<readonly string[]>;
}

/** To be destructured in each test. A test fails if it leaves a timer behind. */
export function useBlobLeases(): BlobLeases {
  const rig = {} as { -readonly [K in keyof BlobLeases]: BlobLeases[K] };
  beforeEach(async () => Object.assign(rig, await openBlobLeases()));
  afterEach(async () => {
    vi.useRealTimers();
    await rig.blobs.close();
    if (rig.clock.sleeping > 0) throw new Error('a call left a timer behind');
  });
  return rig;
}

async function openBlobLeases(): Promise<BlobLeases> {
  const blobs = await startBlobs();
  const clock = new ManualClock();
  const open = (instance: string) => azureBlobLeases(instance, blobs.connectionString, clock);
  const [a, b] = [open('a'), open('b')];
  const o = { signal: new AbortController().signal };
  await Promise.all([a.connect(o), b.connect(o)]);
  const container = BlobServiceClient.fromConnectionString(blobs.connectionString).getContainerClient(
    'locks',
  );
  const instanceBlobs = async () => {
    const names = [];
    for await (const { name } of container.listBlobsFlat({ prefix: 'db1/shop/_instances/' }))
      names.push(name);
    return names;
  };
  return {
    blobs,
    container,
    clock,
    a,
    b,
    open,
    take: (store) => takeLease(store, cars),
    refuse: (operation, times = 1) => {
      blobs.faults.add({ operation, action: { kind: 'refuse' }, times });
    },
    instanceBlobs,
  };
}
