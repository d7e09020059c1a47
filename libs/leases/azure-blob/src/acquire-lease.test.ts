import { silentLog, type InstanceId, type PartitionId } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { LeaseAcquirer } from './acquire-lease.ts';
import type { Storage } from './storage.ts';

const cars = 'db1/shop/dbo.Cars' as PartitionId;

test('who gives up before the storage has answered gives the lease back that it may have got', async () => {
  const stop = new AbortController();
  const held = new Set<string>();
  const leases = (id: string) => ({
    acquireLease: () => {
      held.add(id);
      stop.abort(new Error('stopping'));
      return Promise.reject(stop.signal.reason as Error);
    },
    releaseLease: () => Promise.resolve(held.delete(id)),
  });
  const options = {
    source: { scope: 'db1/shop' },
    instance: 'a' as InstanceId,
    leaseDurationMs: 15_000,
    clock: new ManualClock(),
    log: silentLog,
    newId: () => 'some id',
  };
  const storage = {
    options,
    container: { getBlockBlobClient: () => ({ getBlobLeaseClient: leases }) },
    call: (signal: AbortSignal, run: (signal: AbortSignal) => Promise<unknown>) => run(signal),
  } as unknown as Storage;
  await expect(new LeaseAcquirer(storage).acquire(cars, stop.signal)).rejects.toThrow('stopping');
  expect(held.size).toBe(0);
});
