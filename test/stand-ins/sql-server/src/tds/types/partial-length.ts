/** Partially length-prefixed values ([MS-TDS] 2.2.5.2.3): the max types, xml and user-defined types. */
import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

const NULL_LENGTH = 0xffff_ffff_ffff_ffffn;

export function writePartialNull(out: ByteWriter): void {
  out.u64(NULL_LENGTH);
}

/** One chunk of `length` bytes, written by `content`, and the terminator. An empty value has no chunk. */
export function writePartial(out: ByteWriter, length: number, content: (out: ByteWriter) => void): void {
  out.u64(BigInt(length));
  if (length > 0) {
    out.u32(length);
    content(out);
  }
  out.u32(0);
}

/** The bytes of all chunks together; null for NULL. The announced total may be unknown and is not relied on. */
export function readPartial(source: ByteReader): Buffer | null {
  if (source.u64() === NULL_LENGTH) return null;
  const chunks: Buffer[] = [];
  for (let length = source.u32(); length !== 0; length = source.u32()) chunks.push(source.raw(length));
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
