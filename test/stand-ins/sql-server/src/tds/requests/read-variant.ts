import type { SqlType, SqlTypeName, SqlValue, SqlVariant } from '../../engine/interface/engine-session.ts';
import { readCodePage } from '../types/collation.ts';
import { readDecimal, readMoney } from '../types/decimals.ts';
import { readGuid } from '../types/guids.ts';
import { readDatetime, readDays, readTicks } from '../types/moments.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

/** Bytes of the value, without length, type and properties. */
type Decode = (source: ByteReader, length: number) => SqlValue;

const simple: Record<number, { readonly name: SqlTypeName; readonly decode: Decode }> = {
  0x24: { name: 'uniqueidentifier', decode: readGuid },
  0x28: { name: 'date', decode: (source) => ({ days: readDays(source), ticks: 0n }) },
  0x30: { name: 'tinyint', decode: (source) => source.u8() },
  0x32: { name: 'bit', decode: (source) => source.u8() !== 0 },
  0x34: { name: 'smallint', decode: (source) => source.i16() },
  0x38: { name: 'int', decode: (source) => source.i32() },
  0x3a: { name: 'smalldatetime', decode: readDatetime },
  0x3b: { name: 'real', decode: (source) => source.float() },
  0x3c: { name: 'money', decode: readMoney },
  0x3d: { name: 'datetime', decode: readDatetime },
  0x3e: { name: 'float', decode: (source) => source.double() },
  0x7a: { name: 'smallmoney', decode: readMoney },
  0x7f: { name: 'bigint', decode: (source) => source.i64() },
};

interface Inner {
  readonly type: SqlType;
  readonly decode: Decode;
}

function scaledMoment(token: number, properties: Buffer): Inner {
  const scale = properties.readUInt8(0);
  if (token === 0x29) {
    return {
      type: { name: 'time', scale },
      decode: (from, length) => ({ days: 0, ticks: readTicks(from, length, scale) }),
    };
  }
  const tail = token === 0x2a ? 3 : 5;
  const decode: Decode = (from, length) => {
    const ticks = readTicks(from, length - tail, scale);
    const days = readDays(from);
    return token === 0x2a ? { days, ticks } : { days, ticks, offsetMinutes: from.i16() };
  };
  return { type: { name: token === 0x2a ? 'datetime2' : 'datetimeoffset', scale }, decode };
}

const characterNames: Record<number, SqlTypeName> = {
  0xa7: 'varchar',
  0xaf: 'char',
  0xe7: 'nvarchar',
  0xef: 'nchar',
};

function inner(token: number, properties: Buffer): Inner {
  const known = simple[token];
  if (known !== undefined) return { type: { name: known.name }, decode: known.decode };
  const characters = characterNames[token];
  if (characters !== undefined) return innerCharacters(characters, properties);
  switch (token) {
    case 0x29:
    case 0x2a:
    case 0x2b:
      return scaledMoment(token, properties);
    case 0x6a:
    case 0x6c:
      return innerDecimal(token, properties);
    case 0xa5:
    case 0xad:
      return {
        type: { name: token === 0xa5 ? 'varbinary' : 'binary', length: properties.readUInt16LE(0) },
        decode: (from, length) => new Uint8Array(from.raw(length)),
      };
    default:
      throw new ProtocolError(`A sql_variant of the base type 0x${token.toString(16)} is not supported.`);
  }
}

function innerCharacters(name: SqlTypeName, properties: Buffer): Inner {
  const collation = properties.subarray(0, 5);
  const bytes = properties.readUInt16LE(5);
  const wide = name === 'nvarchar' || name === 'nchar';
  return {
    type: { name, length: wide ? bytes / 2 : bytes },
    decode: (from, length) => (wide ? from.ucs2(length / 2) : readCodePage(from.raw(length), collation)),
  };
}

function innerDecimal(token: number, properties: Buffer): Inner {
  const scale = properties.readUInt8(1);
  return {
    type: { name: token === 0x6a ? 'decimal' : 'numeric', precision: properties.readUInt8(0), scale },
    decode: (from, length) => readDecimal(from, length, scale),
  };
}

export function readVariant(source: ByteReader): SqlVariant | null {
  const total = source.u32();
  if (total === 0) return null;
  const token = source.u8();
  const properties = source.raw(source.u8());
  const { type, decode } = inner(token, properties);
  return { type, value: decode(source, total - 2 - properties.length) };
}
