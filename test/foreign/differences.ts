/**
 * Where Debezium and dstream write the same value in other ways. Each difference is printed once a run, when it was met.
 * A value of Debezium is brought into the form of dstream; what differs after that is a fault of one of them.
 */
import type { Value } from '@dstream/core';
import { clrText, spatialOf } from '../stand-ins/sql-server/src/engine/values/clr/clr-text.ts';

export interface Difference {
  readonly name: string;
  /** Of the type as a column declares it. */
  readonly types: RegExp;
  /** `ours`: what dstream wrote, for differences that cannot be turned back. Undefined: there is no such column. */
  readonly convert: (theirs: unknown, type: string, ours: Value | undefined) => unknown;
}

const digitsOf = (type: string): number => {
  if (type === 'datetime') return 3;
  return type === 'smalldatetime' ? 0 : Number(/\((\d)\)/.exec(type)?.[1] ?? 7);
};

const withoutZone = (value: unknown): string => String(value).replace(/Z$/, '');

/** Seconds and every digit of the scale, which Debezium leaves out when they are zero. */
function withFraction(local: string, type: string): string {
  const [clock = '', fraction = ''] = local.split('.');
  const seconds = /\d\d:\d\d:\d\d$/.test(clock) ? clock : `${clock}:00`;
  const digits = fraction.padEnd(digitsOf(type), '0');
  return digits === '' ? seconds : `${seconds}.${digits}`;
}

function withOffset(value: unknown, type: string): string {
  const [, local = '', offset = ''] = /^(.*?)(Z|[+-]\d\d:\d\d)$/.exec(String(value)) ?? [];
  const gregorian = local.replace(/^0000-12-30/, '0001-01-01');
  return withFraction(gregorian, type) + (offset === 'Z' ? '+00:00' : offset);
}

/** Of the bytes of a value as the database keeps them. */
function textOfClr(base64: unknown, type: string): string {
  const bytes = Uint8Array.from(Buffer.from(String(base64), 'base64'));
  if (type === 'geography' || type === 'geometry')
    return `SRID=${spatialOf(bytes, type).srid};${clrText(bytes, { name: type })}`;
  return clrText(bytes, { name: 'hierarchyid' });
}

/** Bytes that windows-1252 gives no character to. */
const NO_CHARACTER = /[\u0081\u008d\u008f\u0090\u009d]/g;

export const differences: readonly Difference[] = [
  {
    name: 'bigint is a number in Debezium and text in dstream, because readers of JSON lose its digits',
    types: /^bigint$/,
    convert: String,
  },
  {
    name: 'real has other digits in Debezium, which mean the same number of 32 bits',
    types: /^real$/,
    convert: (theirs, _type, ours) =>
      Math.fround(Number(theirs)) === Math.fround(Number(ours)) ? ours : theirs,
  },
  {
    name: 'date has a zone in Debezium (time.precision.mode isostring), and none in dstream',
    types: /^date$/,
    convert: withoutZone,
  },
  {
    name: 'time, datetime2, datetime and smalldatetime have a zone and no zeros at their end in Debezium, and every digit of their scale in dstream',
    types: /^(?:time\(|datetime2|datetime$|smalldatetime)/,
    convert: (theirs, type) => withFraction(withoutZone(theirs), type),
  },
  {
    name: 'datetimeoffset has no zeros at its end and Z for +00:00 in Debezium, and by the Julian calendar the year 1 begins two days earlier',
    types: /^datetimeoffset/,
    convert: withOffset,
  },
  {
    name: 'varchar with bytes that windows-1252 does not know has U+FFFD in Debezium, and the control character in dstream',
    types: /^varchar/,
    convert: (theirs, _type, ours) =>
      String(ours).replace(NO_CHARACTER, '\ufffd') === theirs ? ours : theirs,
  },
  {
    name: 'hierarchyid, geography and geometry are the bytes of the database in Debezium, and text in dstream',
    types: /^(?:hierarchyid|geography|geometry)$/,
    convert: textOfClr,
  },
  {
    name: 'sql_variant has no column in Debezium',
    types: /^sql_variant$/,
    convert: (theirs, _type, ours) => (theirs === undefined ? ours : theirs),
  },
];
