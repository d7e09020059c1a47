import { DStreamError } from './errors.ts';
import type { HeldLease } from './lease-store.ts';

/**
 * The fault of a table whose lease no ingester holds: nobody can own the table until it ends.
 * @param table its name, for people
 * @param heldForMs since when that is seen; undefined when it is seen for the first time
 */
export function leaseHeldElsewhere(
  table: string,
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
    `the lease of ${table} is held by something else${since}: ${who}; stop the holder or break the lease`,
  );
}
