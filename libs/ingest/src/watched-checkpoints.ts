import {
  isNewer,
  tableKey,
  tableName,
  type CallOptions,
  type Checkpoint,
  type CheckpointStore,
  type Lease,
  type Log,
  type Progress,
  type TableId,
} from '@dstream/core';

/**
 * A store whose checkpoints are looked at again: what this process has saved must still be there when it takes the table
 * the next time. A checkpoint that is gone or older (its blob was deleted, or the storage restored) is reported, because
 * the table then begins anew, and where it does not begin at the oldest change, some are never read. It is used as it is:
 * only a person knows whether that was the intention.
 */
export class WatchedCheckpoints implements CheckpointStore {
  readonly #store: CheckpointStore;
  readonly #log: Log;
  /** One a table of this database: as many as there are. */
  readonly #saved = new Map<string, Progress>();

  constructor(store: CheckpointStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  async load(table: TableId, o: CallOptions): Promise<Checkpoint | undefined> {
    const stored = await this.#store.load(table, o);
    const saved = this.#saved.get(tableKey(table));
    if (saved !== undefined && (stored === undefined || isNewer(saved, progressOf(stored)))) {
      this.#report(table, saved, stored);
      this.#saved.delete(tableKey(table));
    }
    return stored;
  }

  async save(checkpoint: Checkpoint, under: Lease, o: CallOptions): Promise<void> {
    await this.#store.save(checkpoint, under, o);
    this.#saved.set(tableKey(under.table), progressOf(checkpoint));
  }

  #report(table: TableId, saved: Progress, stored: Checkpoint | undefined): void {
    const what = stored === undefined ? 'is gone; the table begins anew' : 'has moved back';
    this.#log.error(`the checkpoint that this replica saved ${what}`, {
      table: tableName(table),
      saved,
      ...(stored !== undefined && { stored: progressOf(stored) }),
    });
  }
}

function progressOf({ at, generation }: Checkpoint): Progress {
  return { generation, position: at.position };
}
