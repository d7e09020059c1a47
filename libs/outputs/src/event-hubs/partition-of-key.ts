/**
 * Which partition Event Hubs gives to a partition key. The service hashes the key's UTF-8 bytes by Bob Jenkins'
 * lookup3 (`hashlittle2`, both seeds 0), takes the lower 16 bits of the exclusive or of both results as a signed number
 * and its remainder by the number of partitions, without the sign. The client libraries of Microsoft have the same
 * for their buffered producers (`PartitionResolver` in .NET, `partitionKeyToIdMapper` of @azure/event-hubs 6), and a
 * test compares with that.
 */

/** The index of the partition among `partitions`, from 0. */
export function partitionOfKey(key: string, partitions: number): number {
  const [c, b] = lookup3(Buffer.from(key, 'utf8'));
  const hash = ((c ^ b) << 16) >> 16;
  return Math.abs(hash % partitions);
}

/** `hashlittle2` of Bob Jenkins' lookup3.c, which is in the public domain: the primary and the secondary result. */
function lookup3(bytes: Buffer): readonly [number, number] {
  let a = (0xdeadbeef + bytes.length) | 0;
  let b = a;
  let c = a;
  let at = 0;
  while (bytes.length - at > 12) {
    a = (a + bytes.readInt32LE(at)) | 0;
    b = (b + bytes.readInt32LE(at + 4)) | 0;
    c = (c + bytes.readInt32LE(at + 8)) | 0;
    [a, b, c] = mixed(a, b, c);
    at += 12;
  }
  if (at === bytes.length) return [c, b];
  a = (a + word(bytes, at)) | 0;
  b = (b + word(bytes, at + 4)) | 0;
  c = (c + word(bytes, at + 8)) | 0;
  return final(a, b, c);
}

/** Up to four bytes, little endian; what lies behind the end is 0. */
function word(bytes: Buffer, at: number): number {
  const byte = (n: number) => bytes[at + n] ?? 0;
  return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
}

type Three = readonly [number, number, number];

function mixed(a: number, b: number, c: number): Three {
  a = (a - c) ^ rotated(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotated(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotated(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotated(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotated(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotated(b, 4);
  return [a, (b + a) | 0, c];
}

function final(a: number, b: number, c: number): readonly [number, number] {
  c = ((c ^ b) - rotated(b, 14)) | 0;
  a = ((a ^ c) - rotated(c, 11)) | 0;
  b = ((b ^ a) - rotated(a, 25)) | 0;
  c = ((c ^ b) - rotated(b, 16)) | 0;
  a = ((a ^ c) - rotated(c, 4)) | 0;
  b = ((b ^ a) - rotated(a, 14)) | 0;
  c = ((c ^ b) - rotated(b, 24)) | 0;
  return [c, b];
}

function rotated(n: number, bits: number): number {
  return (n << bits) | (n >>> (32 - bits));
}
