import type { ResultColumn } from '../../engine/interface/engine-session.ts';
import { codecFor } from '../types/codec-for.ts';
import type { ColumnCodec } from '../types/column-codec.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

const COLMETADATA = 0x81;
const flag = { nullable: 0x01, updatableUnknown: 0x08, identity: 0x10 } as const;

function writeColumn(out: ByteWriter, column: ResultColumn, codec: ColumnCodec): void {
  out.u32(codec.userType ?? 0);
  out.u16(
    (column.nullable ? flag.nullable : 0) |
      (column.identity === true ? flag.identity : flag.updatableUnknown),
  );
  out.raw(codec.info);
  if (codec.namesTable === true) writeUnknownTable(out);
  out.shortText(column.name);
}

/** One part without characters: the engine does not know the table, and mssql-jdbc refuses a name of 0 parts. */
function writeUnknownTable(out: ByteWriter): void {
  out.u8(1);
  out.u16(0);
}

/** COLMETADATA ([MS-TDS] 2.2.7.4). Returns how the values of each column are written. */
export function writeColumns(out: ByteWriter, columns: readonly ResultColumn[]): ColumnCodec[] {
  const codecs = columns.map((column) => codecFor(column.type, column.nullable));
  out.u8(COLMETADATA);
  out.u16(columns.length);
  for (const [index, column] of columns.entries()) {
    const codec = codecs[index];
    if (codec !== undefined) writeColumn(out, column, codec);
  }
  return codecs;
}
