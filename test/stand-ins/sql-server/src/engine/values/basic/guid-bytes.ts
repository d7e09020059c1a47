/** uniqueidentifier as bytes: the first three groups little-endian, the last two as written. */
import { bytesToHex, hexToBytes } from './hex.ts';

const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

const pattern = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?/i;

/** Upper case, or undefined when the text does not begin with a uniqueidentifier; what follows it is ignored. */
export const parseGuid = (text: string): string | undefined => pattern.exec(text.trim())?.[1]?.toUpperCase();

export function guidToBytes(guid: string): Uint8Array {
  const written = hexToBytes(guid.replaceAll('-', ''));
  return Uint8Array.from(order, (place) => written?.[place] ?? 0);
}

export function guidFromBytes(bytes: Uint8Array): string {
  const hex = bytesToHex(Uint8Array.from(order, (place) => bytes[place] ?? 0));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Order of comparison: the last six bytes first ("Comparing GUID and uniqueidentifier values"). */
const significance = [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3] as const;

export function compareGuids(a: string, b: string): number {
  if (a === b) return 0;
  const left = guidToBytes(a);
  const right = guidToBytes(b);
  for (const place of significance) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}
