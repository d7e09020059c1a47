import {
  RateMeter,
  tableKey,
  tableName,
  type Clock,
  type DStreamError,
  type Lease,
  type TableId,
} from '@dstream/core';

/** What `/status` says of one table. Of another replica's table only key, name, owner and epoch are known. */
export interface TableReport {
  /** The identity (`tableKey`): two tables never share one. */
  readonly key: string;
  /** `schema.table`, for people. */
  readonly table: string;
  readonly owner: string | null;
  readonly epoch: number | null;
  readonly position: string | null;
  readonly generation: number | null;
  /** Milliseconds from the commit to the acceptance of the last change that was sent; 0 once all was sent; null before the first look. */
  readonly lagMs: number | null;
  /** Changes the topic accepted since this replica owns the table. */
  readonly changes: number;
  /** The same a second, over the last ten seconds; null for another replica's table. */
  readonly changesPerSecond: number | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** What one replica knows of a table it owns. Written by the table's owner, read by `/status`. */
export class TableStatus {
  readonly #table: TableId;
  readonly #epoch: number;
  position: string | undefined;
  generation: number | undefined;
  lagMs: number | undefined;
  fault: DStreamError | undefined;
  readonly #rate: RateMeter;
  #changes = 0;

  constructor(lease: Lease, clock: Clock) {
    this.#table = lease.table;
    this.#epoch = lease.epoch;
    this.#rate = new RateMeter(clock);
  }

  /** The topic has accepted `changes` more. */
  sent(changes: number): void {
    this.#changes += changes;
    this.#rate.add(changes);
  }

  report(owner: string): TableReport {
    const { fault } = this;
    return {
      key: tableKey(this.#table),
      table: tableName(this.#table),
      owner,
      epoch: this.#epoch,
      position: this.position ?? null,
      generation: this.generation ?? null,
      lagMs: this.lagMs ?? null,
      changes: this.#changes,
      changesPerSecond: Math.round(this.#rate.perSecond() * 100) / 100,
      fault: fault === undefined ? null : { code: fault.code, message: fault.message },
    };
  }
}
