/** sql_variant ([MS-TDS] 2.2.5.5.4): length, base type, length of its properties, properties, value. */
import type { SqlType, SqlValue, SqlVariant } from '../../engine/interface/engine-session.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { COLLATION } from './collation.ts';
import { wrongValue, type ColumnCodec } from './column-codec.ts';

/** The largest sql_variant, as SQL Server declares it. */
const VARIANT_BYTES = 8009;

/** How a base type lies inside: which bytes are its properties, and how many bytes of length precede its value. */
interface InnerFormat {
  readonly properties: Buffer;
  readonly lengthBytes: 0 | 1 | 2;
}

function innerFormat(type: SqlType, info: Buffer): InnerFormat {
  switch (info.readUInt8(0)) {
    case 0xa7:
    case 0xaf:
    case 0xe7:
    case 0xef:
      return { properties: Buffer.concat([COLLATION, info.subarray(1, 3)]), lengthBytes: 2 };
    case 0xa5:
    case 0xad:
      return { properties: info.subarray(1, 3), lengthBytes: 2 };
    case 0x6a:
    case 0x6c:
      return { properties: info.subarray(2, 4), lengthBytes: 1 };
    case 0x29:
    case 0x2a:
    case 0x2b:
      return { properties: info.subarray(1, 2), lengthBytes: 1 };
    case 0x24:
    case 0x28:
      return { properties: Buffer.alloc(0), lengthBytes: 1 };
    default:
      if (info.length !== 1) throw new TypeError(`A sql_variant cannot hold a value of type ${type.name}.`);
      return { properties: Buffer.alloc(0), lengthBytes: 0 };
  }
}

function variantOf(value: SqlValue): SqlVariant {
  if (value === null || typeof value !== 'object' || !('type' in value))
    throw wrongValue('sql_variant', value);
  return value;
}

function writeVariant(out: ByteWriter, variant: SqlVariant, codec: ColumnCodec): void {
  const { properties, lengthBytes } = innerFormat(variant.type, codec.info);
  const value = new ByteWriter(64);
  codec.write(value, variant.value);
  const bytes = value.bytes.subarray(lengthBytes, value.length);
  out.u32(2 + properties.length + bytes.length);
  out.u8(codec.info.readUInt8(0));
  out.u8(properties.length);
  out.raw(properties);
  out.raw(bytes);
}

/** `innerCodec` gives the codec of the base type as a NOT NULL column. */
export function variantCodec(
  type: SqlType,
  innerCodec: (type: SqlType) => ColumnCodec,
): ColumnCodec | undefined {
  if (type.name !== 'sql_variant') return undefined;
  const writeNull = (out: ByteWriter): void => out.u32(0);
  return {
    info: Buffer.of(0x62, VARIANT_BYTES & 0xff, VARIANT_BYTES >>> 8, 0, 0),
    write: (out, value) => {
      const variant = variantOf(value);
      if (variant.value === null) writeNull(out);
      else writeVariant(out, variant, innerCodec(variant.type));
    },
    writeNull,
  };
}
