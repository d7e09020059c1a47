import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { AzureBlobLeases } from '@dstream/azure-blob';
import { partitionOf, scopeOf, silentLog, type InstanceId } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { startBlobs, type Blobs } from '../stand-ins/blobs/src/index.ts';
import type { BlobsEndpoint } from './endpoints.ts';
import type { LeaseRig } from './lease-rig.ts';

const durationMs = 15_000;
const never = new AbortController().signal;

export interface BlobLeaseRig extends LeaseRig {
  readonly endpoint: BlobsEndpoint;
  readonly containerName: string;
  readonly source: string;
  readonly blobs: Blobs | undefined;
}

/** Over Azurite, with its hooks. */
export async function openStandInLeases(): Promise<BlobLeaseRig> {
  const blobs = await startBlobs();
  return openBlobLeases({ endpoint: blobs, blobs });
}

/** Over a storage account: real leases, so that expiry takes real time. */
export async function openRealLeases(endpoint: BlobsEndpoint): Promise<BlobLeaseRig> {
  return openBlobLeases({ endpoint, blobs: undefined });
}

async function openBlobLeases(at: Pick<BlobLeaseRig, 'endpoint' | 'blobs'>): Promise<BlobLeaseRig> {
  const { endpoint, blobs } = at;
  const [containerName, source] = [`dstream-test-${randomUUID()}`, 'db1.example'];
  const place = { connectionString: endpoint.connectionString, containerName, source };
  const service = BlobServiceClient.fromConnectionString(endpoint.connectionString);
  const container = service.getContainerClient(containerName);
  return {
    ...at,
    durationMs,
    containerName,
    source,
    replica: async (instance) => {
      const replica = openReplica(instance, { ...place, database: 'shop' });
      await replica.store.connect({ signal: never });
      return replica;
    },
    viewer: async (database) => openReplica('viewer', { ...place, database }).store,
    expireLeases: async () => {
      if (blobs === undefined) await sleep(durationMs + 1_000);
      else blobs.expireLeases();
    },
    table: (table = 'Cars', schema = 'dbo') => partitionOf({ source, database: 'shop', schema, table }),
    faults: blobs && {
      loseReplyToSave: () =>
        void blobs.faults.add({ operation: 'put-blob', action: { kind: 'lose-reply' }, times: 1 }),
      loseReplyToAcquire: () =>
        void blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'lose-reply' }, times: 1 }),
      spoilCheckpoint: async (partition) => {
        await container.getBlockBlobClient(`${partition}.lock`).upload('no checkpoint', 13);
      },
    },
    [Symbol.asyncDispose]: async () => {
      await container.deleteIfExists();
      await blobs?.close();
    },
  };
}

interface Place {
  readonly connectionString: string;
  readonly containerName: string;
  readonly source: string;
  readonly database: string;
}

function openReplica(instance: string, { source, database, ...place }: Place) {
  const clock = new ManualClock();
  const store = new AzureBlobLeases({
    ...place,
    source: { scope: scopeOf({ source, database }) },
    instance: instance as InstanceId,
    leaseDurationMs: durationMs,
    clock,
    log: silentLog,
    newId: randomUUID,
  });
  return { store, clock };
}
