/** A buffer that grows. Everything the server sends is written through one of these. */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  /**
   * Makes room for `count` bytes and returns where they start. Read `bytes` only after this call: growing replaces it.
   */
  grow(count: number): number {
    const start = this.length;
    const end = start + count;
    if (end > this.bytes.length) this.#enlarge(end);
    this.length = end;
    return start;
  }

  #enlarge(atLeast: number): void {
    const larger = Buffer.allocUnsafe(Math.max(atLeast, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  u8(value: number): void {
    const at = this.grow(1);
    this.bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.grow(2);
    this.bytes[at] = value;
    this.bytes[at + 1] = value >>> 8;
  }

  u32(value: number): void {
    const at = this.grow(4);
    const bytes = this.bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  u64(value: bigint): void {
    const at = this.grow(8);
    this.bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }

  raw(value: Uint8Array): void {
    const at = this.grow(value.length);
    this.bytes.set(value, at);
  }

  /** UTF-16, little endian, without a length. */
  ucs2(text: string): void {
    const length = text.length;
    const at = this.grow(length * 2);
    // The call into native code costs more than a short loop.
    if (length > 40) this.bytes.write(text, at, 'utf16le');
    else this.#shortUcs2(text, at);
  }

  #shortUcs2(text: string, start: number): void {
    const bytes = this.bytes;
    for (let index = 0, at = start; index < text.length; index += 1, at += 2) {
      const unit = text.charCodeAt(index);
      bytes[at] = unit;
      bytes[at + 1] = unit >>> 8;
    }
  }

  /** B_VARCHAR: a byte of length in characters, cut to 255, then UTF-16. */
  shortText(text: string): void {
    const fitting = text.length > 255 ? text.slice(0, 255) : text;
    this.u8(fitting.length);
    this.ucs2(fitting);
  }

  /** US_VARCHAR: two bytes of length in characters, then UTF-16. */
  text(text: string): void {
    this.u16(text.length);
    this.ucs2(text);
  }

  /** Leaves two bytes for a length that `closeLength` fills with the number of bytes after them. */
  openLength(): number {
    return this.grow(2);
  }

  closeLength(at: number): void {
    this.bytes.writeUInt16LE(this.length - at - 2, at);
  }

  /** Forgets what was written after `length`: a row that could not be finished. */
  truncate(length: number): void {
    this.length = length;
  }

  /** Drops the first `count` bytes and moves the rest to the front. */
  discard(count: number): void {
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length));
  }
}
