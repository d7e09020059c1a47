/** Conversion to binary, varbinary, image and timestamp, and to uniqueidentifier. */
import type { SqlDecimal, SqlType, SqlValue, SqlMoment } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { encodeCodePage, encodeUtf16 } from '../basic/code-page.ts';
import { guidFromBytes, guidToBytes, parseGuid } from '../basic/guid-bytes.ts';
import { hexToBytes } from '../basic/hex.ts';
import { decimalShape, familyOf, integerRange, isUnicode, plainFamilyOf } from '../basic/type-facts.ts';
import type { Convert } from './convert.ts';
import { bigEndian, littleEndian, momentBytes } from './moment-bytes.ts';

export function toBinary(from: SqlType, to: SqlType, style?: number): Convert {
  const bytes = bytesOf(from, to, style ?? 0);
  const rightAligned = ['bit', 'integer', 'money'].includes(familyOf(from));
  const fit = fitBytes(to, rightAligned);
  return (value) => fit(bytes(value));
}

function bytesOf(from: SqlType, to: SqlType, style: number): (value: SqlValue) => Uint8Array {
  switch (plainFamilyOf(from)) {
    case 'bit':
      return (value) => Uint8Array.of(value === true ? 1 : 0);
    case 'integer':
      return (value) => bigEndian(BigInt(value as number | bigint), integerRange(from).bytes);
    case 'money':
      return (value) => bigEndian((value as SqlDecimal).unscaled, integerRange(from).bytes);
    case 'decimal':
      return (value) => decimalBytes(value as SqlDecimal, from);
    case 'float':
      return (value) => floatBytes(value as number, from);
    case 'character':
      return textBytes(from, to, style);
    case 'moment': {
      const encode = momentBytes(from);
      return (value) => encode(value as SqlMoment);
    }
    case 'guid':
      return (value) => guidToBytes(value as string);
    case 'binary':
    case 'opaque':
      return (value) => value as Uint8Array;
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

function decimalBytes(value: SqlDecimal, from: SqlType): Uint8Array {
  const { precision, scale } = decimalShape(from);
  const size = precision <= 9 ? 4 : precision <= 19 ? 8 : precision <= 28 ? 12 : 16;
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  return Uint8Array.of(precision, scale, 0, value.unscaled < 0n ? 0 : 1, ...littleEndian(magnitude, size));
}

function floatBytes(value: number, from: SqlType): Uint8Array {
  const view = new DataView(new ArrayBuffer(from.name === 'real' ? 4 : 8));
  if (from.name === 'real') view.setFloat32(0, value);
  else view.setFloat64(0, value);
  return new Uint8Array(view.buffer);
}

/** 0: characters as stored; 1: hexadecimal with 0x; 2: without. */
function textBytes(from: SqlType, to: SqlType, style: number): (value: SqlValue) => Uint8Array {
  if (style === 0)
    return isUnicode(from)
      ? (value) => encodeUtf16(value as string)
      : (value) => encodeCodePage(value as string);
  if (style !== 1 && style !== 2) throw valueErrors.styleInvalid(style, from.name, to.name);
  return (value) => {
    const text = value as string;
    const prefixed = text.slice(0, 2).toLowerCase() === '0x';
    const bytes = style === 1 && !prefixed ? undefined : hexToBytes(style === 1 ? text.slice(2) : text);
    if (bytes === undefined) throw valueErrors.converting(from.name, to.name);
    return bytes;
  };
}

/** binary(n) is filled with zeros; numbers keep their right end, everything else its left. */
function fitBytes(to: SqlType, rightAligned: boolean): (bytes: Uint8Array) => Uint8Array {
  const length = to.name === 'timestamp' ? 8 : to.length;
  if (length === undefined || length === 'max') return (bytes) => bytes;
  const fixed = to.name === 'binary' || to.name === 'timestamp';
  return (bytes) => {
    if (bytes.length > length)
      return rightAligned ? bytes.slice(bytes.length - length) : bytes.slice(0, length);
    if (!fixed || bytes.length === length) return bytes;
    const filled = new Uint8Array(length);
    filled.set(bytes, rightAligned ? length - bytes.length : 0);
    return filled;
  };
}

export function toGuid(from: SqlType, to: SqlType): Convert {
  if (familyOf(from) === 'binary') return (value) => guidFromBytes(value as Uint8Array);
  if (familyOf(from) !== 'character') throw valueErrors.conversionNotAllowed(from.name, to.name);
  return (value) => {
    const guid = parseGuid(value as string);
    if (guid === undefined) throw valueErrors.uniqueidentifierSyntax();
    return guid;
  };
}
