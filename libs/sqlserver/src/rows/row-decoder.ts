import type { Row, Value } from '@dstream/core';
import type { Cells } from '../client/sql-client.ts';
import { leadingColumns, type SelectedColumn } from '../sql/page-statement.ts';
import type { ChangeRow } from './change-row.ts';
import { lsnOf, type Lsn } from './lsn.ts';

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
      row: this.#row(values),
      bytes,
    };
  }

  #lsn(bytes: Buffer): Lsn {
    if (this.#lastBytes?.equals(bytes) === true) return this.#lastLsn;
    this.#lastBytes = bytes;
    this.#lastLsn = lsnOf(bytes);
    return this.#lastLsn;
  }

  #row(values: readonly unknown[]): Row {
    const row: Record<string, Value> = {};
    for (let i = 0; i < this.#columns.length; i += 1) {
      const column = this.#columns[i];
      const value = values[leadingColumns.length + i];
      if (column !== undefined) put(row, column.name, value === null ? null : column.decode(value));
    }
    return row;
  }
}

function put(row: Record<string, Value>, name: string, value: Value): void {
  // Assigning to this one name would change the prototype instead.
  if (name === '__proto__')
    Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
  else row[name] = value;
}
