import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { AzureBlobLeases } from '@dstream/azure-blob';
import { partitionOf, scopeOf, silentLog, type InstanceId } from '@dstream/core';
import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import { startBlobs, type Blobs } from '../../libs/stand-ins/src/blobs/index.ts';
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
  return {
    ...at,
    durationMs,
    containerName,
    source,
    replica: (instance) => openReplica(instance, { ...endpoint, containerName, source }),
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
    },
    [Symbol.asyncDispose]: async () => {
      const service = BlobServiceClient.fromConnectionString(endpoint.connectionString);
      await service.getContainerClient(containerName).deleteIfExists();
      await blobs?.close();
    },
  };
}

interface Place {
  readonly connectionString: string;
  readonly containerName: string;
  readonly source: string;
}

async function openReplica(instance: string, { source, ...place }: Place) {
  const clock = new ManualClock();
  const store = new AzureBlobLeases({
    ...place,
    source: { scope: scopeOf({ source, database: 'shop' }) },
    instance: instance as InstanceId,
    leaseDurationMs: durationMs,
    clock,
    log: silentLog,
    newId: randomUUID,
  });
  await store.connect({ signal: never });
  return { store, clock };
}
