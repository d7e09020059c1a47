/** TYPE_INFO of a parameter ([MS-TDS] 2.2.5.6), as a SQL type and a way to read its value. */
import type { SqlTypeName, SqlValue } from '../../engine/interface/engine-session.ts';
import { readCodePage } from '../types/collation.ts';
import { readDecimal, readMoney } from '../types/decimals.ts';
import { readGuid } from '../types/guids.ts';
import { readDatetime, readDays, readTicks } from '../types/moments.ts';
import type { ByteReader } from '../wire/byte-reader.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import {
  byteLength,
  longLength,
  partialLength,
  shortLength,
  type Decode,
  type ParameterType,
} from './parameter-forms.ts';
import { readVariant } from './read-variant.ts';

const fromUcs2 = (bytes: Buffer): string => bytes.toString('utf16le');
/** A copy: the engine may keep the value longer than the request's buffer. */
const fromBinary = (bytes: Buffer): Uint8Array => new Uint8Array(bytes);

function readInteger(source: ByteReader, length: number): SqlValue {
  switch (length) {
    case 1:
      return source.u8();
    case 2:
      return source.i16();
    case 4:
      return source.i32();
    default:
      return source.i64();
  }
}

const integerNames: Record<number, SqlTypeName> = { 1: 'tinyint', 2: 'smallint', 4: 'int', 8: 'bigint' };

/** A type that the protocol gives in one of several widths. */
function byWidth(source: ByteReader, names: Record<number, SqlTypeName>, decode: Decode): ParameterType {
  const width = source.u8();
  const name = names[width];
  if (name === undefined) throw new ProtocolError(`A parameter's type has the impossible width ${width}.`);
  return byteLength({ name }, decode);
}

function fixed(name: SqlTypeName, width: number, decode: Decode): ParameterType {
  return { type: { name }, read: (source) => decode(source, width) };
}

const readBit: Decode = (source) => source.u8() !== 0;
const readFloating: Decode = (source, length) => (length === 4 ? source.float() : source.double());

function decimalType(source: ByteReader, name: SqlTypeName): ParameterType {
  source.skip(1);
  const precision = source.u8();
  const scale = source.u8();
  return byteLength({ name, precision, scale }, (from, length) => readDecimal(from, length, scale));
}

function characters(source: ByteReader, name: SqlTypeName): ParameterType {
  const bytes = source.u16();
  const collation = source.raw(5);
  return shortLength({ name, length: bytes === 0xffff ? 'max' : bytes }, (raw) =>
    readCodePage(raw, collation),
  );
}

function wideCharacters(source: ByteReader, name: SqlTypeName): ParameterType {
  const bytes = source.u16();
  source.skip(5);
  return shortLength({ name, length: bytes === 0xffff ? 'max' : bytes / 2 }, fromUcs2);
}

function binary(source: ByteReader, name: SqlTypeName): ParameterType {
  const bytes = source.u16();
  return shortLength({ name, length: bytes === 0xffff ? 'max' : bytes }, fromBinary);
}

function time(source: ByteReader): ParameterType {
  const scale = source.u8();
  return byteLength({ name: 'time', scale }, (from, length) => ({
    days: 0,
    ticks: readTicks(from, length, scale),
  }));
}

function datetime2(source: ByteReader): ParameterType {
  const scale = source.u8();
  return byteLength({ name: 'datetime2', scale }, (from, length) => {
    const ticks = readTicks(from, length - 3, scale);
    return { days: readDays(from), ticks };
  });
}

function datetimeoffset(source: ByteReader): ParameterType {
  const scale = source.u8();
  return byteLength({ name: 'datetimeoffset', scale }, (from, length) => {
    const ticks = readTicks(from, length - 5, scale);
    return { days: readDays(from), ticks, offsetMinutes: from.i16() };
  });
}

function longCharacters(source: ByteReader): ParameterType {
  source.skip(4);
  const collation = source.raw(5);
  return longLength({ name: 'text' }, (raw) => readCodePage(raw, collation));
}

function longWideCharacters(source: ByteReader): ParameterType {
  source.skip(9);
  return longLength({ name: 'ntext' }, fromUcs2);
}

function longBinary(source: ByteReader): ParameterType {
  source.skip(4);
  return longLength({ name: 'image' }, fromBinary);
}

function xml(source: ByteReader): ParameterType {
  if (source.u8() === 1) {
    source.shortText();
    source.shortText();
    source.text();
  }
  // A client may put a byte order mark before the text.
  return partialLength({ name: 'xml' }, (raw) => fromUcs2(raw).replace(/^\uFEFF/u, ''));
}

function userDefined(source: ByteReader): ParameterType {
  source.shortText();
  source.shortText();
  const name = source.shortText().toLowerCase();
  if (name !== 'hierarchyid' && name !== 'geography' && name !== 'geometry') {
    throw new ProtocolError(`Parameters of the user-defined type ${name} are not supported.`);
  }
  return partialLength({ name }, fromBinary);
}

function variant(source: ByteReader): ParameterType {
  source.skip(4);
  return { type: { name: 'sql_variant' }, read: readVariant };
}

const readers: Record<number, (source: ByteReader) => ParameterType> = {
  0x1f: () => ({ type: { name: 'nvarchar', length: 1 }, read: () => null }),
  0x24: (source) => {
    source.skip(1);
    return byteLength({ name: 'uniqueidentifier' }, readGuid);
  },
  0x26: (source) => byWidth(source, integerNames, readInteger),
  0x28: () => byteLength({ name: 'date' }, (from) => ({ days: readDays(from), ticks: 0n })),
  0x29: time,
  0x2a: datetime2,
  0x2b: datetimeoffset,
  0x30: () => fixed('tinyint', 1, readInteger),
  0x32: () => fixed('bit', 1, readBit),
  0x34: () => fixed('smallint', 2, readInteger),
  0x38: () => fixed('int', 4, readInteger),
  0x3a: () => fixed('smalldatetime', 4, readDatetime),
  0x3b: () => fixed('real', 4, readFloating),
  0x3c: () => fixed('money', 8, readMoney),
  0x3d: () => fixed('datetime', 8, readDatetime),
  0x3e: () => fixed('float', 8, readFloating),
  0x7a: () => fixed('smallmoney', 4, readMoney),
  0x7f: () => fixed('bigint', 8, readInteger),
  0x22: longBinary,
  0x23: longCharacters,
  0x37: (source) => decimalType(source, 'decimal'),
  0x3f: (source) => decimalType(source, 'numeric'),
  0x62: variant,
  0x63: longWideCharacters,
  0x68: (source) => byWidth(source, { 1: 'bit' }, readBit),
  0x6a: (source) => decimalType(source, 'decimal'),
  0x6c: (source) => decimalType(source, 'numeric'),
  0x6d: (source) => byWidth(source, { 4: 'real', 8: 'float' }, readFloating),
  0x6e: (source) => byWidth(source, { 4: 'smallmoney', 8: 'money' }, readMoney),
  0x6f: (source) => byWidth(source, { 4: 'smalldatetime', 8: 'datetime' }, readDatetime),
  0xa5: (source) => binary(source, 'varbinary'),
  0xa7: (source) => characters(source, 'varchar'),
  0xad: (source) => binary(source, 'binary'),
  0xaf: (source) => characters(source, 'char'),
  0xe7: (source) => wideCharacters(source, 'nvarchar'),
  0xef: (source) => wideCharacters(source, 'nchar'),
  0xf0: userDefined,
  0xf1: xml,
};

/** Throws `ProtocolError` for types that no parameter may have here, table-valued ones among them. */
export function readParameterType(source: ByteReader): ParameterType {
  const token = source.u8();
  if (token === 0xf3) throw new ProtocolError('Table-valued parameters are not supported.');
  const read = readers[token];
  if (read === undefined)
    throw new ProtocolError(`Parameters of the type 0x${token.toString(16)} are not supported.`);
  return read(source);
}
