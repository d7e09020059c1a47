import { DStreamError } from './errors.ts';
import type { HeldLease } from './lease-store.ts';
import { partitionName, type PartitionId } from './partition-id.ts';

/**
 * The fault of a partition whose lease no ingester holds: nobody can own it until that lease ends.
 * @param heldForMs since when that is seen; undefined when it is seen for the first time
 */
export function leaseHeldElsewhere(
  partition: PartitionId,
  { owner, epoch, endless }: Pick<HeldLease, 'owner' | 'epoch' | 'endless'>,
  heldForMs?: number,
): DStreamError {
  const name = owner === '' ? 'its holder left no name' : `its last owner was ${owner} (epoch ${epoch})`;
  const who = endless
    ? `it never ends, so another program or a person holds it; ${name}`
    : `its holder is no ingester that is announced; ${name}`;
  const since = heldForMs === undefined ? '' : ` for ${Math.round(heldForMs / 1_000)} s`;
  return new DStreamError(
    'LeaseHeldElsewhere',
    `the lease of ${partitionName(partition)} is held by something else${since}: ${who}; stop the holder or break the lease`,
  );
}
