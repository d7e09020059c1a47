/**
 * Walks AMQP 1.0 encodings without decoding them (AMQP 1.0, part 1: the high four bits of a constructor say how wide
 * its value is). So a message's bytes pass through the broker as they came.
 */

/** A value whose bytes make no sense. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Offset behind the value whose constructor stands at `offset`. */
export function skipValue(bytes: Buffer, offset: number): number {
  const code = byteAt(bytes, offset);
  if (code === 0x00) return skipValue(bytes, skipValue(bytes, offset + 1));
  const end = skipContent(bytes, code, offset + 1);
  if (end > bytes.length) throw new WireError(`a value of type 0x${code.toString(16)} runs past the end`);
  return end;
}

function skipContent(bytes: Buffer, code: number, at: number): number {
  switch (code >> 4) {
    case 0x4:
      return at;
    case 0x5:
      return at + 1;
    case 0x6:
      return at + 2;
    case 0x7:
      return at + 4;
    case 0x8:
      return at + 8;
    case 0x9:
      return at + 16;
    case 0xa:
    case 0xc:
    case 0xe:
      return at + 1 + byteAt(bytes, at);
    case 0xb:
    case 0xd:
    case 0xf:
      return at + 4 + uintAt(bytes, at);
    default:
      throw new WireError(`0x${code.toString(16)} is not an AMQP type`);
  }
}

/** The encoded elements of a list or map (keys and values in turn) whose constructor stands at `offset`. */
export function elementsOf(bytes: Buffer, offset: number): Buffer[] {
  const code = byteAt(bytes, offset);
  if (code === 0x45 || code === 0x40) return [];
  const wide = code === 0xd0 || code === 0xd1;
  if (!wide && code !== 0xc0 && code !== 0xc1)
    throw new WireError(`0x${code.toString(16)} is not a list or map`);
  const count = wide ? uintAt(bytes, offset + 5) : byteAt(bytes, offset + 2);
  const elements: Buffer[] = [];
  let at = offset + (wide ? 9 : 3);
  for (let i = 0; i < count; i += 1) {
    const end = skipValue(bytes, at);
    elements.push(bytes.subarray(at, end));
    at = end;
  }
  return elements;
}

/** Text of an encoded string or symbol; undefined for anything else. */
export function textOf(element: Buffer | undefined): string | undefined {
  const code = element?.[0];
  if (code === 0xa1 || code === 0xa3) return element?.toString('utf8', 2);
  if (code === 0xb1 || code === 0xb3) return element?.toString('utf8', 5);
  return undefined;
}

/** Content of an encoded binary; undefined for anything else. */
export function binaryOf(bytes: Buffer, offset: number): Buffer | undefined {
  const code = bytes[offset];
  if (code === 0xa0) return bytes.subarray(offset + 2, offset + 2 + byteAt(bytes, offset + 1));
  if (code === 0xb0) return bytes.subarray(offset + 5, offset + 5 + uintAt(bytes, offset + 1));
  return undefined;
}

/** An encoded int, uint, long, ulong or timestamp that a double can hold; undefined for anything else. */
export function integerOf(element: Buffer | undefined): number | undefined {
  if (element === undefined) return undefined;
  const code = element[0] ?? 0;
  switch (code) {
    case 0x43:
    case 0x44:
      return 0;
    case 0x52:
    case 0x53:
      return element[1];
    case 0x54:
    case 0x55:
      return element.readInt8(1);
    case 0x71:
      return element.readInt32BE(1);
    case 0x70:
      return element.readUInt32BE(1);
    case 0x80:
    case 0x81:
    case 0x83:
      return Number(element.readBigInt64BE(1));
    default:
      return undefined;
  }
}

/** One section of a message. */
export interface Section {
  /** Numeric descriptor: 0x70 header … 0x78 footer. */
  readonly code: number;
  readonly start: number;
  /** Where the section's value begins, behind the descriptor. */
  readonly value: number;
  readonly end: number;
}

/** The sections of an encoded message, in order. */
export function sectionsOf(bytes: Buffer): Section[] {
  const sections: Section[] = [];
  for (let start = 0; start < bytes.length;) {
    if (bytes[start] !== 0x00) throw new WireError('a message must consist of described sections');
    const value = skipValue(bytes, start + 1);
    // Nearly every sender writes the short form; a slice for each section would cost more than the rest of the scan.
    const isShort = bytes[start + 1] === 0x53;
    const code = isShort ? bytes[start + 2] : integerOf(bytes.subarray(start + 1, value));
    if (code === undefined || code < 0x70 || code > 0x78) throw new WireError('unknown section of a message');
    const end = skipValue(bytes, value);
    sections.push({ code, start, value, end });
    start = end;
  }
  return sections;
}

function byteAt(bytes: Buffer, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw new WireError('a value is cut short');
  return byte;
}

function uintAt(bytes: Buffer, offset: number): number {
  if (offset + 4 > bytes.length) throw new WireError('a value is cut short');
  return bytes.readUInt32BE(offset);
}
