import type { EncodedChange } from '@dstream/core';
import { changeId } from './change-id.ts';
import type { LogicalChange } from './change-row.ts';
import type { Lsn } from './lsn.ts';
import { positionOf } from './position.ts';

/**
 * A change that was encoded. Many wait at a time, so it keeps little: id and position, which only the first and the last of a
 * message are asked for, are made when they are.
 */
export class ReadChange implements EncodedChange {
  readonly operation: LogicalChange['operation'];
  readonly key: EncodedChange['key'];
  readonly committedAt: string;
  readonly unstamped: Uint8Array;
  readonly #table: string;
  readonly #lsn: Lsn;
  readonly #seqval: Lsn;
  readonly #code: number;
  readonly #tie: number;
  readonly #ordinal: number;

  constructor(
    table: string,
    { operation, after, ordinal, tie }: LogicalChange,
    known: Pick<EncodedChange, 'key' | 'committedAt' | 'unstamped'>,
  ) {
    this.operation = operation;
    this.key = known.key;
    this.committedAt = known.committedAt;
    this.unstamped = known.unstamped;
    this.#table = table;
    this.#lsn = after.lsn;
    this.#seqval = after.seqval;
    this.#code = after.operation;
    this.#tie = tie;
    this.#ordinal = ordinal;
  }

  get id(): string {
    return changeId(this.#table, { lsn: this.#lsn, seqval: this.#seqval, operation: this.#code }, this.#tie);
  }

  get position(): EncodedChange['position'] {
    return positionOf(this.#lsn, this.#ordinal);
  }
}
