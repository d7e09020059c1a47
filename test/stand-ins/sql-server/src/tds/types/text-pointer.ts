import type { ByteWriter } from '../wire/byte-writer.ts';

/** Pointer and timestamp before a value of text, ntext or image. Clients skip both; SQL Server sends 16 and 8 bytes. */
const POINTER = Buffer.concat([Buffer.of(16), Buffer.from('dummy textptr\0\0\0'), Buffer.from('dummyTS\0')]);

/** Pointer, timestamp and length; the value's bytes follow. */
export function writeTextPointer(out: ByteWriter, length: number): void {
  out.raw(POINTER);
  out.u32(length);
}
