/** Latin1_General_CI_AS and its code page, windows-1252. */
import type { ByteWriter } from '../wire/byte-writer.ts';

/** LCID 0x0409, ignore case, kana and width, version 0, no sort id ([MS-TDS] 2.2.5.1.2 Collation Rule Definition). */
export const COLLATION = Buffer.of(0x09, 0x04, 0xd0, 0x00, 0x00);

const QUESTION_MARK = 0x3f;
const decoder = new TextDecoder('windows-1252');

/** Characters of the bytes 0x80 to 0x9F; in all other places the code page agrees with Unicode. */
const bytesOfCharacters = new Map<number, number>(
  Array.from({ length: 0x20 }, (_, index) => {
    const byte = 0x80 + index;
    return [decoder.decode(Uint8Array.of(byte)).charCodeAt(0), byte];
  }),
);

/** Characters that the code page does not have become `?`; one `?` for each UTF-16 unit, as SQL Server converts. */
export function writeCodePage(out: ByteWriter, text: string): void {
  const length = text.length;
  const start = out.grow(length);
  const bytes = out.bytes;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    const direct = unit < 0x80 || (unit >= 0xa0 && unit <= 0xff);
    bytes[start + index] = direct ? unit : (bytesOfCharacters.get(unit) ?? QUESTION_MARK);
  }
}

/** Text of a client. The code page follows the collation's UTF-8 flag; all others are read as windows-1252. */
export function readCodePage(bytes: Buffer, collation: Buffer): string {
  const utf8 = ((collation[3] ?? 0) & 0x04) !== 0;
  return utf8 ? bytes.toString('utf8') : decoder.decode(bytes);
}
