import type { Lease, PartitionId } from '@dstream/core';
import { test } from 'vitest';
import { takeLease, type LeaseRig, type Replica } from './lease-rig.ts';

/** What each test of leases is given: two replicas over a storage of its own, and a partition that both want. */
export interface Replicas {
  readonly rig: LeaseRig;
  readonly a: Replica;
  readonly b: Replica;
  readonly cars: PartitionId;
  /** Acquires a lease that must be free, that of `cars` unless another is named. */
  readonly take: (replica: Replica, partition?: PartitionId) => Promise<Lease>;
}

/** `test` for suites that run over any storage. */
export function replicasTest(open: () => Promise<LeaseRig>) {
  return test.extend<Replicas>({
    // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern what a fixture needs
    rig: async ({}, use) => {
      await using rig = await open();
      await use(rig);
    },
    a: async ({ rig }, use) => use(await rig.replica('a')),
    b: async ({ rig }, use) => use(await rig.replica('b')),
    cars: async ({ rig }, use) => use(rig.table('Cars')),
    take: async ({ cars }, use) => use((replica, partition = cars) => takeLease(replica.store, partition)),
  });
}
