import type { SqlType, SqlValue } from '../../engine/interface/engine-session.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { wrongValue, writeZeroLength, type ColumnCodec } from './column-codec.ts';

/** The first three groups are stored with their low byte first: place on the wire to place in the text. */
const TEXT_PLACES = [6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34];

function digit(unit: number): number {
  // '0'…'9', or 'A'…'F' and 'a'…'f'.
  return unit < 0x3a ? unit - 0x30 : (unit & 0xdf) - 0x37;
}

/** The sixteen bytes, without a length. */
export function writeGuid(out: ByteWriter, value: SqlValue): void {
  if (typeof value !== 'string' || value.length !== 36) throw wrongValue('uniqueidentifier', value);
  const start = out.grow(16);
  const bytes = out.bytes;
  for (let index = 0; index < 16; index += 1) {
    const place = TEXT_PLACES[index] ?? 0;
    bytes[start + index] = (digit(value.charCodeAt(place)) << 4) | digit(value.charCodeAt(place + 1));
  }
}

export function readGuid(source: ByteReader): string {
  const bytes = source.raw(16);
  const characters = '00000000-0000-0000-0000-000000000000'.split('');
  for (const [index, place] of TEXT_PLACES.entries()) {
    const hex = (bytes[index] ?? 0).toString(16).padStart(2, '0').toUpperCase();
    characters[place] = hex.charAt(0);
    characters[place + 1] = hex.charAt(1);
  }
  return characters.join('');
}

export function guidCodec(type: SqlType): ColumnCodec | undefined {
  if (type.name !== 'uniqueidentifier') return undefined;
  return {
    info: Buffer.of(0x24, 16),
    write: (out, value) => {
      out.u8(16);
      writeGuid(out, value);
    },
    writeNull: writeZeroLength,
  };
}
