import type { SqlType } from '../../engine/interface/engine-session.ts';
import { binaryCodec } from './binaries.ts';
import type { ColumnCodec } from './column-codec.ts';
import { decimalCodec } from './decimals.ts';
import { guidCodec } from './guids.ts';
import { momentCodec } from './moments.ts';
import { numberCodec } from './numbers.ts';
import { stringCodec } from './strings.ts';
import { variantCodec } from './variants.ts';

const notNull = (type: SqlType): ColumnCodec => codecFor(type, false);

/** The codec of one column: chosen once for a result, then called for each value. */
export function codecFor(type: SqlType, nullable: boolean): ColumnCodec {
  const codec =
    numberCodec(type, nullable) ??
    stringCodec(type) ??
    decimalCodec(type, nullable) ??
    momentCodec(type, nullable) ??
    binaryCodec(type) ??
    guidCodec(type) ??
    variantCodec(type, notNull);
  if (codec === undefined) throw new TypeError(`There is no wire format for the type ${type.name}.`);
  return codec;
}
