/**
 * Envelopes of version 1, which had no `metadata.origin`: its fields stood beside the others. A processor still reads
 * them, because a topic holds what older ingesters sent.
 */
import type { StampedEvent } from './change-event.ts';

export interface EventOfVersion1 extends Omit<StampedEvent, 'metadata'> {
  readonly metadata: Omit<StampedEvent['metadata'], 'version' | 'origin'> & {
    readonly version: 1;
    readonly captureInstance: string;
    readonly lsn: string;
    readonly seqval: string;
  };
}

/** The same change as an event of version 2, its fields in the order in which they are written today. */
export function fromVersion1(event: EventOfVersion1): StampedEvent {
  const { captureInstance, lsn, seqval, sequence, committedAt, position, generation, epoch, ...rest } =
    event.metadata;
  const origin = { captureInstance, lsn, seqval };
  const end = { sequence, committedAt, position, generation, epoch };
  return { ...event, metadata: { ...rest, version: 2, origin, ...end } };
}
