/** Windows code page 1252, in which char, varchar and text of a Latin1_General collation are stored. */

/** Bytes 0x80 to 0x9F; the five without a character stand for themselves. */
const upper =
  '\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F' +
  '\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178';

const byteOf = new Map(Array.from(upper, (character, i) => [character, 0x80 + i]));

/** The byte of one UTF-16 unit, `?` for what the page lacks. */
function encodeUnit(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0x80 || (unit >= 0xa0 && unit <= 0xff)) return unit;
  return byteOf.get(text.charAt(at)) ?? 0x3f;
}

export function encodeCodePage(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = encodeUnit(text, i);
  return bytes;
}

export function decodeCodePage(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes)
    text += byte >= 0x80 && byte < 0xa0 ? upper.charAt(byte - 0x80) : String.fromCharCode(byte);
  return text;
}

/** What is left of a text that is stored in the code page: unknown characters become `?`. */
export function throughCodePage(text: string): string {
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) >= 0x80) return decodeCodePage(encodeCodePage(text));
  return text;
}

export const encodeUtf16 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit & 0xff;
    bytes[2 * i + 1] = unit >> 8;
  }
  return bytes;
};

/** An odd last byte is completed by a zero byte. */
export const decodeUtf16 = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 2)
    text += String.fromCharCode((bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8));
  return text;
};
