/** The event that stands for messages that never came: `on_hole = "gap"`. */
import { shorten, type ChangeMetadata, type Hash, type StampedEvent } from '@dstream/core';
import type { Hole } from './holes.ts';

/** Of a change id (DESIGN 7). */
const maxId = 96;

/**
 * It stands between the changes of the session before and after the hole, by its generation and position too. The same
 * hole always gives the same id. Undefined where the change before the hole is not known.
 * @param next of the first change after it
 */
export function holeEvent(
  { upTo, lastRead }: Hole,
  next: StampedEvent['metadata'],
  session: string,
  hash: Hash,
): StampedEvent | undefined {
  if (lastRead === undefined) return undefined;
  const { changed: _changed, unavailable: _unavailable, ...place } = next;
  const metadata = {
    ...place,
    ...upTo,
    id: shorten(`hole:${session}:${upTo.generation}:${upTo.position}`, maxId, hash),
    operation: 'gap',
    key: null,
    gap: {
      reason: 'MessagesLost',
      from: { lsn: lsnOf(lastRead), at: lastRead.committedAt },
      to: { lsn: lsnOf(next), at: next.committedAt },
    },
    sequence: 0,
  } as const;
  return { data: null, metadata };
}

function lsnOf({ origin: { lsn }, position }: ChangeMetadata): string {
  return typeof lsn === 'string' ? lsn : position;
}
