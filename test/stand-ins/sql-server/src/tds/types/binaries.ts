/** binary, varbinary, image, timestamp and the user-defined types of the system. */
import type { SqlType, SqlTypeName, SqlValue } from '../../engine/interface/engine-session.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { wrongValue, writeZeroLength, type ColumnCodec, type ValueWriter } from './column-codec.ts';
import { writePartial, writePartialNull } from './partial-length.ts';
import { writeTextPointer } from './text-pointer.ts';

const TIMESTAMP_USER_TYPE = 0x50;
const ASSEMBLY =
  'Microsoft.SqlServer.Types, Version=16.0.0.0, Culture=neutral, PublicKeyToken=89845dcd8080cc91';

function bytesOf(type: string, value: SqlValue): Uint8Array {
  if (!(value instanceof Uint8Array)) throw wrongValue(type, value);
  return value;
}

const writeShort: ValueWriter = (out, value) => {
  const bytes = bytesOf('varbinary', value);
  out.u16(bytes.length);
  out.raw(bytes);
};

const writeLarge: ValueWriter = (out, value) => {
  const bytes = bytesOf('varbinary(max)', value);
  writePartial(out, bytes.length, (target) => target.raw(bytes));
};

const writeImage: ValueWriter = (out, value) => {
  const bytes = bytesOf('image', value);
  writeTextPointer(out, bytes.length);
  out.raw(bytes);
};

function binary(token: number, length: number | 'max'): ColumnCodec {
  if (length === 'max') {
    return { info: Buffer.of(token, 0xff, 0xff), write: writeLarge, writeNull: writePartialNull };
  }
  return {
    info: Buffer.of(token, length & 0xff, length >>> 8),
    write: writeShort,
    writeNull: (out) => out.u16(0xffff),
  };
}

/** UDT_INFO ([MS-TDS] 2.2.5.5.2): largest size, database, schema, type, assembly-qualified class. */
function userDefined(name: string, className: string, largestBytes: number): ColumnCodec {
  const info = new ByteWriter();
  info.u8(0xf0);
  info.u16(largestBytes);
  info.shortText('master');
  info.shortText('sys');
  info.shortText(name);
  info.text(`Microsoft.SqlServer.Types.${className}, ${ASSEMBLY}`);
  return { info: info.take(), write: writeLarge, writeNull: writePartialNull };
}

function image(): ColumnCodec {
  const info = Buffer.of(0x22, 0xff, 0xff, 0xff, 0x7f);
  return { info, write: writeImage, writeNull: writeZeroLength, namesTable: true };
}

const codecs: Partial<Record<SqlTypeName, (type: SqlType) => ColumnCodec>> = {
  binary: (type) => binary(0xad, type.length ?? 8000),
  varbinary: (type) => binary(0xa5, type.length ?? 8000),
  timestamp: () => ({ ...binary(0xad, 8), userType: TIMESTAMP_USER_TYPE }),
  image,
  hierarchyid: () => userDefined('hierarchyid', 'SqlHierarchyId', 892),
  geography: () => userDefined('geography', 'SqlGeography', 0xffff),
  geometry: () => userDefined('geometry', 'SqlGeometry', 0xffff),
};

export function binaryCodec(type: SqlType): ColumnCodec | undefined {
  return codecs[type.name]?.(type);
}
