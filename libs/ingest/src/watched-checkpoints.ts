import {
  isNewer,
  partitionName,
  progressOf,
  type CallOptions,
  type Checkpoint,
  type CheckpointStore,
  type Lease,
  type Log,
  type PartitionId,
  type Progress,
} from '@dstream/core';

/**
 * A store whose checkpoints are looked at again: what this process has saved must still be there when it takes the
 * partition the next time. A checkpoint that is gone or older (its blob was deleted, or the storage restored) is reported, because
 * the table then begins anew, and where it does not begin at the oldest change, some are never read. It is used as it is:
 * only a person knows whether that was the intention.
 */
export class WatchedCheckpoints implements CheckpointStore {
  readonly #store: CheckpointStore;
  readonly #log: Log;
  /** One a partition of the source: as many as there are. */
  readonly #saved = new Map<PartitionId, Progress>();

  constructor(store: CheckpointStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  async load(partition: PartitionId, o: CallOptions): Promise<Checkpoint | undefined> {
    const stored = await this.#store.load(partition, o);
    const saved = this.#saved.get(partition);
    if (saved !== undefined && (stored === undefined || isNewer(saved, progressOf(stored)))) {
      this.#report(partition, saved, stored);
      this.#saved.delete(partition);
    }
    return stored;
  }

  async save(checkpoint: Checkpoint, under: Lease, o: CallOptions): Promise<void> {
    await this.#store.save(checkpoint, under, o);
    this.#saved.set(under.partition, progressOf(checkpoint));
  }

  #report(partition: PartitionId, saved: Progress, stored: Checkpoint | undefined): void {
    const what = stored === undefined ? 'is gone; the table begins anew' : 'has moved back';
    this.#log.error(`the checkpoint that this replica saved ${what}`, {
      table: partitionName(partition),
      saved,
      ...(stored !== undefined && { stored: progressOf(stored) }),
    });
  }
}
