import { ProtocolError } from './protocol-error.ts';

/** Reads the body of one request from front to back. Throws `ProtocolError` when it ends too early. */
export class ByteReader {
  readonly bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  #advance(count: number): number {
    const start = this.position;
    if (count < 0 || start + count > this.bytes.length) {
      throw new ProtocolError(
        `The request ends inside a value: ${count} bytes are missing at offset ${start}.`,
      );
    }
    this.position = start + count;
    return start;
  }

  u8(): number {
    return this.bytes.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#advance(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#advance(4));
  }

  i16(): number {
    return this.bytes.readInt16LE(this.#advance(2));
  }

  i32(): number {
    return this.bytes.readInt32LE(this.#advance(4));
  }

  i64(): bigint {
    return this.bytes.readBigInt64LE(this.#advance(8));
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.#advance(8));
  }

  float(): number {
    return this.bytes.readFloatLE(this.#advance(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#advance(8));
  }

  /** An unsigned number of `width` bytes; at most 48 bits, so exact. */
  unsigned(width: number): number {
    return this.bytes.readUIntLE(this.#advance(width), width);
  }

  /** A view, valid as long as the request's bytes. */
  raw(count: number): Buffer {
    const start = this.#advance(count);
    return this.bytes.subarray(start, start + count);
  }

  skip(count: number): void {
    this.#advance(count);
  }

  ucs2(characters: number): string {
    return this.raw(characters * 2).toString('utf16le');
  }

  /** B_VARCHAR. */
  shortText(): string {
    return this.ucs2(this.u8());
  }

  /** US_VARCHAR. */
  text(): string {
    return this.ucs2(this.u16());
  }
}
