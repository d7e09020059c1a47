import type { EncodedChange, Position, TableId, Value } from '@dstream/core';
import { positionLength } from '../position/position.ts';
import type { Written } from './utf8-writer.ts';

/** Where some parts of an envelope lie, in bytes from its beginning: the JSON texts of its id and key. */
export interface EnvelopeMarks {
  readonly idFrom: number;
  readonly idTo: number;
  readonly keyFrom: number;
  readonly keyTo: number;
}

/** Characters of `2026-11-20T09:15:30.123Z`: of any time that toISOString gives for the years 0 to 9999. */
const timeLength = 24;
/** What an envelope ends with before its stamp, behind the commit time. */
const beforePosition = '","position":"'.length;
const behindPosition = '"'.length;

/**
 * A change that was encoded. Thousands wait at a time, so all that is its own is numbers; what is asked of few of them, as of the first
 * and the last of a message, is read out of the bytes when it is.
 */
export class ReadChange implements EncodedChange {
  readonly table: TableId;
  readonly operation: EncodedChange['operation'];
  readonly bytes: number;
  readonly #memory: Buffer;
  readonly #from: number;
  readonly #idFrom: number;
  readonly #idTo: number;
  readonly #keyFrom: number;
  readonly #keyTo: number;

  constructor(
    table: TableId,
    operation: EncodedChange['operation'],
    { memory, from, to }: Written,
    marks: EnvelopeMarks,
  ) {
    this.table = table;
    this.operation = operation;
    this.bytes = to - from;
    this.#memory = memory;
    this.#from = from;
    this.#idFrom = marks.idFrom;
    this.#idTo = marks.idTo;
    this.#keyFrom = marks.keyFrom;
    this.#keyTo = marks.keyTo;
  }

  copyTo(target: Uint8Array, at: number): void {
    this.#memory.copy(target, at, this.#from, this.#from + this.bytes);
  }

  get id(): string {
    return JSON.parse(this.#text(this.#idFrom, this.#idTo)) as string;
  }

  get key(): readonly Value[] | null {
    const key: unknown = JSON.parse(this.#text(this.#keyFrom, this.#keyTo));
    return key === null ? null : (Object.values(key as object) as Value[]);
  }

  get committedAt(): string {
    const to = this.bytes - behindPosition - positionLength - beforePosition;
    return this.#text(to - timeLength, to);
  }

  get position(): Position {
    const to = this.bytes - behindPosition;
    return this.#text(to - positionLength, to) as Position;
  }

  #text(from: number, to: number): string {
    return this.#memory.toString('utf8', this.#from + from, this.#from + to);
  }
}
