import { tableName, type DStreamError, type Lease, type TableId } from '@dstream/core';

/** What `/status` says of one table. */
export interface TableReport {
  readonly table: string;
  readonly owner: string | null;
  readonly epoch: number | null;
  readonly position: string | null;
  readonly generation: number | null;
  /** Milliseconds from the commit to the acceptance of the last change that was sent; 0 once all was sent; null before the first look. */
  readonly lagMs: number | null;
  readonly changes: number;
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** What one replica knows of a table it owns. Written by the table's owner, read by `/status`. */
export class TableStatus {
  readonly #table: TableId;
  readonly #epoch: number;
  position: string | undefined;
  generation: number | undefined;
  lagMs: number | undefined;
  changes = 0;
  fault: DStreamError | undefined;

  constructor(lease: Lease) {
    this.#table = lease.table;
    this.#epoch = lease.epoch;
  }

  report(owner: string): TableReport {
    const { fault } = this;
    return {
      table: tableName(this.#table),
      owner,
      epoch: this.#epoch,
      position: this.position ?? null,
      generation: this.generation ?? null,
      lagMs: this.lagMs ?? null,
      changes: this.changes,
      fault: fault === undefined ? null : { code: fault.code, message: fault.message },
    };
  }
}
