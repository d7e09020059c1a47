import { describe, expect, test } from 'vitest';
import type { SqlType, SqlValue } from '../../engine/interface/engine-session.ts';
import { readParameterType } from '../requests/parameter-type.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { codecFor } from './codec-for.ts';

/** Writes type and value as a column does and reads them as a parameter: most types have one form for both. */
function roundTrip(type: SqlType, value: SqlValue, nullable = true): { type: SqlType; value: SqlValue } {
  const out = new ByteWriter(1);
  const codec = codecFor(type, nullable);
  out.raw(codec.info);
  if (value === null) codec.writeNull(out);
  else codec.write(out, value);
  const source = new ByteReader(out.take());
  const read = readParameterType(source);
  const result = { type: read.type, value: read.read(source) };
  expect(source.atEnd).toBe(true);
  return result;
}

const nines = 10n ** 38n - 1n;
const lastTick = 863_999_999_999n;
const lastDay = 3_652_058;

const values: [SqlType, SqlValue][] = [
  [{ name: 'bit' }, false],
  [{ name: 'tinyint' }, 255],
  [{ name: 'smallint' }, -32_768],
  [{ name: 'int' }, -2_147_483_648],
  [{ name: 'bigint' }, -9_223_372_036_854_775_808n],
  [{ name: 'real' }, -0.5],
  [{ name: 'float' }, Number.MIN_VALUE],
  [
    { name: 'decimal', precision: 9, scale: 9 },
    { unscaled: -999_999_999n, scale: 9 },
  ],
  [
    { name: 'decimal', precision: 19, scale: 0 },
    { unscaled: 10n ** 19n - 1n, scale: 0 },
  ],
  [
    { name: 'decimal', precision: 28, scale: 5 },
    { unscaled: -(10n ** 28n) + 1n, scale: 5 },
  ],
  [
    { name: 'numeric', precision: 38, scale: 38 },
    { unscaled: nines, scale: 38 },
  ],
  [{ name: 'money' }, { unscaled: -9_223_372_036_854_775_808n, scale: 4 }],
  [{ name: 'money' }, { unscaled: 9_223_372_036_854_775_807n, scale: 4 }],
  [{ name: 'smallmoney' }, { unscaled: -2_147_483_648n, scale: 4 }],
  [{ name: 'char', length: 4 }, 'a€  '],
  [{ name: 'varchar', length: 'max' }, 'Ÿ'.repeat(70_000)],
  [{ name: 'nchar', length: 2 }, '日\u0000'],
  [{ name: 'nvarchar', length: 4000 }, '😀'.repeat(2000)],
  [{ name: 'nvarchar', length: 'max' }, ''],
  [{ name: 'xml' }, '<a/>'],
  [{ name: 'binary', length: 2 }, Uint8Array.of(0, 255)],
  [{ name: 'varbinary', length: 'max' }, new Uint8Array(70_000).fill(1)],
  [{ name: 'date' }, { days: lastDay, ticks: 0n }],
  [
    { name: 'time', scale: 7 },
    { days: 0, ticks: lastTick },
  ],
  [
    { name: 'time', scale: 0 },
    { days: 0, ticks: 863_990_000_000n },
  ],
  [{ name: 'datetime' }, { days: 639_905, ticks: 0n }],
  [{ name: 'smalldatetime' }, { days: 693_595, ticks: 863_400_000_000n }],
  [
    { name: 'datetime2', scale: 7 },
    { days: 0, ticks: lastTick },
  ],
  [
    { name: 'datetimeoffset', scale: 4 },
    { days: lastDay, ticks: 1000n, offsetMinutes: -840 },
  ],
  [{ name: 'uniqueidentifier' }, '01234567-89AB-CDEF-0123-456789ABCDEF'],
];

describe('a value comes back as it was sent', () => {
  test.each(values)('%o %s', (type, value) => {
    expect(roundTrip(type, value)).toEqual({ type, value });
    expect(roundTrip(type, value, false).value).toEqual(value);
    expect(roundTrip(type, null)).toEqual({ type, value: null });
  });

  const inVariant = values.filter(([{ name, length }]) => length !== 'max' && name !== 'xml');
  test.each(inVariant)('inside a sql_variant: %o %s', (type, value) => {
    const variant = { type, value };
    expect(roundTrip({ name: 'sql_variant' }, variant)).toEqual({
      type: { name: 'sql_variant' },
      value: variant,
    });
  });
});

describe('a value at another scale', () => {
  test.each([
    [1234n, 4, 2, 12n],
    [1250n, 3, 2, 125n],
    [1255n, 3, 2, 126n],
    [-1255n, 3, 2, -126n],
    [7n, 0, 2, 700n],
  ])('%i with %i digits after the point becomes %i digits: %i', (unscaled, from, to, expected) => {
    const type = { name: 'decimal', precision: 18, scale: to } as const;
    expect(roundTrip(type, { unscaled, scale: from }).value).toEqual({ unscaled: expected, scale: to });
  });

  test('both common forms of a datetime go to the same three-hundredth of a second', () => {
    const ticksOf = (ticks: bigint): SqlValue =>
      roundTrip({ name: 'datetime' }, { days: 693_595, ticks }).value;
    expect(ticksOf(70_000n)).toEqual({ days: 693_595, ticks: 66_667n });
    expect(ticksOf(66_667n)).toEqual({ days: 693_595, ticks: 66_667n });
  });
});

describe('what cannot be written is refused and not bent', () => {
  test.each<[SqlType, SqlValue]>([
    [{ name: 'int' }, '5'],
    [{ name: 'bigint' }, 5],
    [{ name: 'bit' }, 1],
    [{ name: 'decimal', precision: 18, scale: 0 }, 5],
    [{ name: 'varchar', length: 5 }, 5],
    [{ name: 'date' }, 5],
    [{ name: 'uniqueidentifier' }, 'no guid'],
    [{ name: 'varbinary', length: 5 }, 'text'],
    [{ name: 'sql_variant' }, 5],
  ])('%o %s', (type, value) => {
    expect(() => roundTrip(type, value)).toThrow(TypeError);
  });

  test('a decimal wider than its column', () => {
    const type = { name: 'decimal', precision: 9, scale: 0 } as const;
    expect(() => roundTrip(type, { unscaled: 10n ** 10n, scale: 0 })).toThrow(RangeError);
  });
});
