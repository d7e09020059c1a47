/** char, varchar, nchar, nvarchar, text, ntext and xml. */
import type { SqlType, SqlTypeName, SqlValue } from '../../engine/interface/engine-session.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { COLLATION, writeCodePage } from './collation.ts';
import { wrongValue, writeZeroLength, type ColumnCodec, type ValueWriter } from './column-codec.ts';
import { writePartial, writePartialNull } from './partial-length.ts';
import { writeTextPointer } from './text-pointer.ts';

const NULL_LENGTH = 0xffff;
const MAX_LENGTH = 0xffff;

function stringOf(type: string, value: SqlValue): string {
  if (typeof value !== 'string') throw wrongValue(type, value);
  return value;
}

function info(token: number, bytes: number): Buffer {
  return Buffer.concat([Buffer.of(token, bytes & 0xff, bytes >>> 8), COLLATION]);
}

function longInfo(token: number): Buffer {
  return Buffer.concat([Buffer.of(token, 0xff, 0xff, 0xff, 0x7f), COLLATION]);
}

function writeNullLength(out: ByteWriter): void {
  out.u16(NULL_LENGTH);
}

const writeNarrow: ValueWriter = (out, value) => {
  const text = stringOf('varchar', value);
  out.u16(text.length);
  writeCodePage(out, text);
};

const writeWide: ValueWriter = (out, value) => {
  const text = stringOf('nvarchar', value);
  out.u16(text.length * 2);
  out.ucs2(text);
};

const writeLargeNarrow: ValueWriter = (out, value) => {
  const text = stringOf('varchar(max)', value);
  writePartial(out, text.length, (target) => writeCodePage(target, text));
};

const writeLargeWide: ValueWriter = (out, value) => {
  const text = stringOf('nvarchar(max)', value);
  writePartial(out, text.length * 2, (target) => target.ucs2(text));
};

function narrow(token: number, type: SqlType): ColumnCodec {
  if (type.length === 'max') {
    return { info: info(token, MAX_LENGTH), write: writeLargeNarrow, writeNull: writePartialNull };
  }
  return { info: info(token, type.length ?? 8000), write: writeNarrow, writeNull: writeNullLength };
}

function wide(token: number, type: SqlType): ColumnCodec {
  if (type.length === 'max') {
    return { info: info(token, MAX_LENGTH), write: writeLargeWide, writeNull: writePartialNull };
  }
  return { info: info(token, (type.length ?? 4000) * 2), write: writeWide, writeNull: writeNullLength };
}

function writeText(out: ByteWriter, value: SqlValue): void {
  const text = stringOf('text', value);
  writeTextPointer(out, text.length);
  writeCodePage(out, text);
}

function writeNtext(out: ByteWriter, value: SqlValue): void {
  const text = stringOf('ntext', value);
  writeTextPointer(out, text.length * 2);
  out.ucs2(text);
}

const codecs: Partial<Record<SqlTypeName, (type: SqlType) => ColumnCodec>> = {
  char: (type) => narrow(0xaf, type),
  varchar: (type) => narrow(0xa7, type),
  nchar: (type) => wide(0xef, type),
  nvarchar: (type) => wide(0xe7, type),
  text: () => ({ info: longInfo(0x23), write: writeText, writeNull: writeZeroLength, namesTable: true }),
  ntext: () => ({ info: longInfo(0x63), write: writeNtext, writeNull: writeZeroLength, namesTable: true }),
  // No schema collection; the value is UTF-16 without a byte order mark.
  xml: () => ({ info: Buffer.of(0xf1, 0), write: writeLargeWide, writeNull: writePartialNull }),
};

export function stringCodec(type: SqlType): ColumnCodec | undefined {
  return codecs[type.name]?.(type);
}
