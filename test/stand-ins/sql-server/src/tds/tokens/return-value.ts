import type { SqlType, SqlValue } from '../../engine/interface/engine-session.ts';
import { codecFor } from '../types/codec-for.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

const RETURNSTATUS = 0x79;
const RETURNVALUE = 0xac;
const OUTPUT_PARAMETER = 0x01;

export interface ReturnValue {
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
}

export function writeReturnStatus(out: ByteWriter, status: number): void {
  out.u8(RETURNSTATUS);
  out.u32(status);
}

/** RETURNVALUE ([MS-TDS] 2.2.7.18). */
export function writeReturnValue(out: ByteWriter, ordinal: number, output: ReturnValue): void {
  const codec = codecFor(output.type, true);
  out.u8(RETURNVALUE);
  out.u16(ordinal);
  out.shortText(output.name);
  out.u8(OUTPUT_PARAMETER);
  out.u32(codec.userType ?? 0);
  out.u16(0x01);
  out.raw(codec.info);
  if (output.value === null) codec.writeNull(out);
  else codec.write(out, output.value);
}
