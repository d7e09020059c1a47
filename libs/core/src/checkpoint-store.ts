import type { CallOptions } from './context.ts';
import { DStreamError } from './errors.ts';
import type { Lease } from './lease-store.ts';
import { isNewer, type Progress, type ResumePoint } from './position.ts';
import { partitionName, type PartitionId } from './table-id.ts';

/** How far a partition's changes are safe: all up to `at` were accepted by the broker. */
export interface Checkpoint {
  readonly at: ResumePoint;
  readonly generation: number;
  /** How its changes were dealt among sessions: see `layoutOf`. By table when absent. */
  readonly layout?: string;
  /**
   * The last change that was accepted in the partition's own session (`sessionOfPartition`): what that session's next message
   * follows. Only when ordered by table, where it is known, and where the partition is a table: a checkpoint does not hold
   * the sessions of several tables.
   */
  readonly lastChange?: Progress;
}

/** Where checkpoints are kept, fenced by the lease of their partition. */
export interface CheckpointStore {
  /** Undefined when there is none. Throws CheckpointUnreadable when there is one that cannot be understood. */
  load(partition: PartitionId, o: CallOptions): Promise<Checkpoint | undefined>;
  /**
   * Saves under a lease that this store acquired. Throws LeaseLost when a newer epoch owns the partition, whatever this
   * process believes, and past the end of its newest renewal: a `Lease` is a value, `under` may be one from before that
   * renewal, so its own `goodUntilMs` is not what counts. Refuses (Unexpected) to move back: what is saved is never older,
   * by (generation, position), than what is there.
   */
  save(checkpoint: Checkpoint, under: Lease, o: CallOptions): Promise<void>;
}

/** Generation and position of a checkpoint. */
export function progressOf({ at, generation }: Checkpoint): Progress {
  return { generation, position: at.position };
}

/**
 * Throws the Unexpected with which `save` refuses to move back.
 * @param stored what is kept; undefined when there is none
 */
export function assertNotBack(
  partition: PartitionId,
  stored: Progress | undefined,
  wanted: Checkpoint,
): void {
  if (stored === undefined || !isNewer(stored, progressOf(wanted))) return;
  const text = ({ generation, position }: Progress) => `generation ${generation}, position ${position}`;
  throw new DStreamError(
    'Unexpected',
    `refused to move the checkpoint of ${partitionName(partition)} back from ${text(stored)} to ${text(progressOf(wanted))}`,
  );
}

/**
 * The generation of a checkpoint that is created, rewound, reset or begun again (docs/guarantees.md, rule 3): larger than any
 * before, also after the store lost the previous one. `storeDateMs` is the store's own `Date`, never this machine's.
 */
export function nextGeneration(storeDateMs: number, previous: number | undefined): number {
  return Math.max(storeDateMs, (previous ?? 0) + 1);
}
