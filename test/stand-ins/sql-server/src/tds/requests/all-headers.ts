import type { ByteReader } from '../wire/byte-reader.ts';

const TRANSACTION_DESCRIPTOR = 2;

/** ALL_HEADERS ([MS-TDS] 2.2.5.3). Returns the transaction the client believes to be in; 0n for none. */
export function readTransactionDescriptor(source: ByteReader): bigint {
  const end = source.position + source.u32();
  let descriptor = 0n;
  while (source.position < end) {
    const next = source.position + source.u32();
    if (source.u16() === TRANSACTION_DESCRIPTOR) descriptor = source.u64();
    source.skip(next - source.position);
  }
  return descriptor;
}
