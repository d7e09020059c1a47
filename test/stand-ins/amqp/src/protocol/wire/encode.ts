/** Encodings that the broker writes itself (AMQP 1.0, part 1), each a whole value with its constructor. */

const empty = Buffer.alloc(0);

export const encodedNull = Buffer.from([0x40]);

export function encodeText(text: string): Buffer {
  return sized(0xa1, 0xb1, Buffer.from(text, 'utf8'));
}

export function encodeSymbol(text: string): Buffer {
  return sized(0xa3, 0xb3, Buffer.from(text, 'ascii'));
}

export function encodeLong(value: number): Buffer {
  return encodeEight(0x81, value);
}

/** Milliseconds since 1970. */
export function encodeTimestamp(ms: number): Buffer {
  return encodeEight(0x83, Math.round(ms));
}

export function encodeUint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = 0x70;
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function encodeInt(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = 0x71;
  bytes.writeInt32BE(value, 1);
  return bytes;
}

/** Sixteen bytes in the order of the text. */
export function encodeUuid(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x98]), bytes]);
}

export function encodeList(elements: readonly Buffer[]): Buffer {
  return compound(0xd0, elements);
}

/** Keys and values in turn. */
export function encodeMap(elements: readonly Buffer[]): Buffer {
  return compound(0xd1, elements);
}

/** A section of a message: descriptor and value. */
export function encodeSection(code: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x00, 0x53, code]), value]);
}

function encodeEight(code: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = code;
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

function sized(short: number, long: number, content: Buffer): Buffer {
  const wide = content.length > 255;
  const head = Buffer.allocUnsafe(wide ? 5 : 2);
  head[0] = wide ? long : short;
  if (wide) head.writeUInt32BE(content.length, 1);
  else head[1] = content.length;
  return Buffer.concat([head, content]);
}

function compound(code: number, elements: readonly Buffer[]): Buffer {
  const content = elements.length === 0 ? empty : Buffer.concat(elements);
  const head = Buffer.allocUnsafe(9);
  head[0] = code;
  head.writeUInt32BE(content.length + 4, 1);
  head.writeUInt32BE(elements.length, 5);
  return Buffer.concat([head, content]);
}
