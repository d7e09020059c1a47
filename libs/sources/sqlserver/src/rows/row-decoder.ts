import type { Value } from '@dstream/core';
import type { Cells } from '../client/sql-client.ts';
import { leadingColumns, type SelectedColumn } from '../sql/page-statement.ts';
import type { ChangeRow } from './change-row.ts';
import { lsnOf, type Lsn } from '../position/lsn.ts';

/** Decodes rows of the page statement. Keeps the last start LSN: a transaction's rows share it. */
export class RowDecoder {
  readonly #columns: readonly SelectedColumn[];
  #lastBytes: Buffer | undefined;
  #lastLsn = '' as Lsn;

  constructor(columns: readonly SelectedColumn[]) {
    this.#columns = columns;
  }

  decode({ values, bytes }: Cells): ChangeRow {
    const [lsn, seqval, operation, mask] = values as [Buffer, Buffer, number, Buffer];
    const commandId = values[leadingColumns.length + this.#columns.length] as number | null | undefined;
    return {
      lsn: this.#lsn(lsn),
      commandId: commandId ?? 0,
      seqval: lsnOf(seqval),
      operation,
      mask,
      values: this.#values(values),
      bytes,
    };
  }

  #lsn(bytes: Buffer): Lsn {
    if (this.#lastBytes?.equals(bytes) === true) return this.#lastLsn;
    this.#lastBytes = bytes;
    this.#lastLsn = lsnOf(bytes);
    return this.#lastLsn;
  }

  #values(cells: readonly unknown[]): readonly Value[] {
    return this.#columns.map(({ decode }, n) => {
      const cell = cells[leadingColumns.length + n];
      return cell === null ? null : decode(cell);
    });
  }
}
