import type { EncodedChange } from '@dstream/core';
import { changeId } from './change-id.ts';
import type { LogicalChange } from './change-row.ts';
import type { Lsn } from './lsn.ts';
import { positionOf } from './position.ts';
import type { Written } from './utf8-writer.ts';

/**
 * A change that was encoded. Many wait at a time, so it keeps little: id and position, which only the first and the last of a
 * message are asked for, are made when they are.
 */
export class ReadChange implements EncodedChange {
  readonly operation: LogicalChange['operation'];
  readonly key: EncodedChange['key'];
  readonly committedAt: string;
  readonly bytes: number;
  readonly #memory: Buffer;
  readonly #from: number;
  readonly #table: string;
  readonly #lsn: Lsn;
  readonly #seqval: Lsn;
  readonly #code: number;
  readonly #tie: number;
  readonly #ordinal: number;

  constructor(
    table: string,
    { operation, after, ordinal, tie }: LogicalChange,
    { key, committedAt }: Pick<EncodedChange, 'key' | 'committedAt'>,
    { memory, from, to }: Written,
  ) {
    this.operation = operation;
    this.key = key;
    this.committedAt = committedAt;
    this.bytes = to - from;
    this.#memory = memory;
    this.#from = from;
    this.#table = table;
    this.#lsn = after.lsn;
    this.#seqval = after.seqval;
    this.#code = after.operation;
    this.#tie = tie;
    this.#ordinal = ordinal;
  }

  copyTo(target: Uint8Array, at: number): void {
    this.#memory.copy(target, at, this.#from, this.#from + this.bytes);
  }

  get id(): string {
    return changeId(this.#table, { lsn: this.#lsn, seqval: this.#seqval, operation: this.#code }, this.#tie);
  }

  get position(): EncodedChange['position'] {
    return positionOf(this.#lsn, this.#ordinal);
  }
}
