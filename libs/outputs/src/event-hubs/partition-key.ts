/** Which partition of an event hub a change goes to: by the value of its key, with the hash of the service. */
import { tableKey, type ChangeMetadata, type Value } from '@dstream/core';
import { tableIdOf } from '../destinations/destination.ts';

/**
 * The partition key of a change: the value of its key; of several columns a JSON array of their values. All changes of a
 * table without a key have the table's identity, and so do markers that concern the whole table.
 */
export function partitionKeyOf(metadata: ChangeMetadata): string {
  if (metadata.key === null) return tableKey(tableIdOf(metadata));
  const values = Object.values(metadata.key);
  const [only] = values;
  return values.length === 1 && only !== undefined ? textOf(only) : JSON.stringify(values);
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * The index from 0 of the partition, among `partitions`, that Event Hubs assigns to a partition key. The service hashes
 * the UTF-8 bytes of the key by Bob Jenkins' lookup3 (`hashlittle2`, both seeds 0), takes the lower 16 bits of the two
 * results' exclusive or as a signed number, and its remainder by the number of partitions, without the sign. Microsoft's
 * client libraries have the same for their buffered producers (`PartitionResolver` in .NET, `partitionKeyToIdMapper` of
 * @azure/event-hubs 6); a test compares with the latter.
 */
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

/** Up to four bytes, little endian; bytes past the end are 0. */
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
