import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlMoment, SqlType, SqlValue } from '../engine-session.ts';
import { SqlError } from '../errors/sql-error.ts';
import { errorNumber } from '../errors/test-error-number.ts';
import { converter, convertValue } from './convert-value.ts';
import { sqlTypeOf } from './sql-type-of.ts';

/** `decimal(10,2)`, `varchar(30)`, `nvarchar(max)`. */
function type(text: string): SqlType {
  const [name = '', args = ''] = text.replace(')', '').split('(');
  const parsed = args === '' ? [] : args.split(',').map((arg) => (arg === 'max' ? 'max' : Number(arg)));
  return sqlTypeOf(name, parsed, 'cast');
}

const text = (value: string, to: string, style?: number): SqlValue =>
  convertValue(value, type('varchar(max)'), type(to), style);

/** Reads the text as `from`, then writes it as varchar in a style. */
const through = (value: string, from: string, style?: number): SqlValue =>
  convertValue(text(value, from), type(from), type('varchar(60)'), style);

function errorText(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof SqlError ? error.message : undefined;
  }
}

describe('numbers from text and back', () => {
  test.each([
    ['123.456', 'decimal(10,2)', '123.46'],
    ['-0.005', 'decimal(10,2)', '-0.01'],
    ['.5', 'decimal(3,1)', '0.5'],
    ['99999999999999999999999999999999999999', 'decimal(38,0)', '99999999999999999999999999999999999999'],
    [
      '0.00000000000000000000000000000000000001',
      'decimal(38,38)',
      '0.00000000000000000000000000000000000001',
    ],
    ['  42 ', 'int', '42'],
    ['', 'int', '0'],
    ['-9223372036854775808', 'bigint', '-9223372036854775808'],
    ['$1,234.565', 'money', '1234.57'],
    ['-$12', 'money', '-12.00'],
    ['true', 'bit', '1'],
    ['0', 'bit', '0'],
    ['123456', 'float', '123456'],
    ['1234567', 'float', '1.23457e+006'],
    ['0.1', 'float', '0.1'],
    ['0.00001', 'float', '1e-005'],
    ['-1.5e10', 'float', '-1.5e+010'],
  ])('%j as %s is %s', (value, to, expected) => {
    expect(through(value, to)).toBe(expected);
  });

  test.each([
    ['922337203685477.5807', 'money', 0, '922337203685477.58'],
    ['922337203685477.5807', 'money', 1, '922,337,203,685,477.58'],
    ['922337203685477.5807', 'money', 2, '922337203685477.5807'],
    ['-1234.5', 'money', 1, '-1,234.50'],
    ['1234.5', 'float', 1, '1.2345000e+003'],
    ['1234.5', 'float', 2, '1.234500000000000e+003'],
    ['0.1', 'float', 3, '1.0000000000000001e-001'],
  ])('%j as %s in style %i is %s', (value, to, style, expected) => {
    expect(through(value, to, style)).toBe(expected);
  });

  test('a decimal that does not fit is error 8115, an integer too wide for varchar a star', () => {
    expect(errorText(() => text('1000', 'decimal(3,0)'))).toBe(
      'Arithmetic overflow error converting varchar to data type numeric.',
    );
    expect(convertValue(12345, type('int'), type('varchar(3)'))).toBe('*');
    expect(errorNumber(() => convertValue(12345, type('int'), type('nvarchar(3)')))).toBe(8115);
  });

  test('exact numbers are cut off to integers, money is rounded, floats are cut off', () => {
    expect(convertValue({ unscaled: 19n, scale: 1 }, type('decimal(5,1)'), type('int'))).toBe(1);
    expect(convertValue({ unscaled: -19n, scale: 1 }, type('decimal(5,1)'), type('int'))).toBe(-1);
    expect(convertValue({ unscaled: 15_000n, scale: 4 }, type('money'), type('int'))).toBe(2);
    expect(convertValue(-1.9, type('float'), type('int'))).toBe(-1);
  });

  test('a float becomes a decimal by its seventeen digits', () => {
    expect(convertValue(0.1, type('float'), type('decimal(38,20)'))).toEqual({
      unscaled: 10_000_000_000_000_001n * 1000n,
      scale: 20,
    });
    expect(convertValue(1e20, type('float'), type('decimal(38,2)'))).toEqual({
      unscaled: 10n ** 22n,
      scale: 2,
    });
  });

  test.each<[SqlValue, string, string, number]>([
    ['abc', 'varchar(10)', 'int', 245],
    ['99999999999', 'varchar(20)', 'int', 248],
    ['300', 'varchar(20)', 'tinyint', 244],
    ['abc', 'varchar(10)', 'bigint', 8114],
    ['1e5', 'varchar(10)', 'decimal(10,0)', 8114],
    ['1.2.3', 'varchar(10)', 'float', 8114],
    ['12x', 'varchar(10)', 'money', 235],
    [300, 'int', 'tinyint', 220],
    [3_000_000_000n, 'bigint', 'int', 8115],
    [1e30, 'float', 'int', 232],
    ['no guid', 'varchar(10)', 'uniqueidentifier', 8169],
    [1, 'int', 'date', 529],
    [1, 'int', 'uniqueidentifier', 529],
  ])('%s of %s as %s is error %i', (value, from, to, number) => {
    expect(errorNumber(() => convertValue(value, type(from), type(to)))).toBe(number);
  });

  test('decimal to text and back keeps every digit', () => {
    const to = type('decimal(38,12)');
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (unscaled) => {
        const written = convertValue({ unscaled, scale: 12 }, to, type('varchar(41)'));
        expect(text(written as string, 'decimal(38,12)')).toEqual({ unscaled, scale: 12 });
      }),
    );
  });

  test('float in style 3 and back is the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const written = convertValue(value, type('float'), type('varchar(30)'), 3);
        expect(text(written as string, 'float')).toBe(value);
      }),
    );
  });
});

describe('dates and times', () => {
  test.each([
    ['2020-11-06T13:05:09.123', 'datetime', undefined, 'Nov  6 2020  1:05PM'],
    ['2020-11-06T13:05:09.123', 'datetime', 1, '11/06/20'],
    ['2020-11-06T13:05:09.123', 'datetime', 3, '06/11/20'],
    ['2020-11-06T13:05:09.123', 'datetime', 10, '11-06-20'],
    ['2020-11-06T13:05:09.123', 'datetime', 12, '201106'],
    ['2020-11-06T13:05:09.123', 'datetime', 23, '2020-11-06'],
    ['2020-11-06T00:05:09.123', 'datetime', 100, 'Nov  6 2020 12:05AM'],
    ['2020-11-06T13:05:09.123', 'datetime', 101, '11/06/2020'],
    ['2020-11-06T13:05:09.123', 'datetime', 103, '06/11/2020'],
    ['2020-11-06T13:05:09.123', 'datetime', 104, '06.11.2020'],
    ['2020-11-06T13:05:09.123', 'datetime', 109, 'Nov  6 2020  1:05:09:123PM'],
    ['2020-11-06T13:05:09.123', 'datetime', 112, '20201106'],
    ['2020-11-06T13:05:09.123', 'datetime', 113, '06 Nov 2020 13:05:09:123'],
    ['2020-11-06T13:05:09.123', 'datetime', 114, '13:05:09:123'],
    ['2020-11-06T13:05:09.123', 'datetime', 120, '2020-11-06 13:05:09'],
    ['2020-11-06T13:05:09.123', 'datetime', 121, '2020-11-06 13:05:09.123'],
    ['2020-11-06T13:05:09.123', 'datetime', 126, '2020-11-06T13:05:09.123'],
    ['2020-11-06T13:05:09', 'datetime', 126, '2020-11-06T13:05:09'],
    ['0001-01-01', 'datetime2', undefined, '0001-01-01 00:00:00.0000000'],
    ['9999-12-31 23:59:59.9999999', 'datetime2', 126, '9999-12-31T23:59:59.9999999'],
    ['2020-02-29 01:02:03.45', 'datetime2(3)', 121, '2020-02-29 01:02:03.450'],
    ['2020-02-29 01:02:03.45', 'datetime2(0)', 121, '2020-02-29 01:02:03'],
    ['2020-02-29', 'date', undefined, '2020-02-29'],
    ['23:59:59.9999999', 'time(3)', undefined, '00:00:00.000'],
    ['2020-11-06 10:00 +02:00', 'datetimeoffset(0)', undefined, '2020-11-06 10:00:00 +02:00'],
    ['2020-11-06 10:00 +02:00', 'datetimeoffset(0)', 126, '2020-11-06T10:00:00+02:00'],
    ['2020-11-06 01:00:00.5 +02:00', 'datetimeoffset(1)', 127, '2020-11-05T23:00:00.5Z'],
  ])('%j as %s in style %s is %j', (value, from, style, expected) => {
    expect(through(value, from, style)).toBe(expected);
  });

  test.each([
    ['20201106', '2020-11-06'],
    ['201106', '2020-11-06'],
    ['500101', '1950-01-01'],
    ['2020', '2020-01-01'],
    ['11/6/2020', '2020-11-06'],
    ['11-06-20', '2020-11-06'],
    ['2020/11/06', '2020-11-06'],
    ['Nov 6, 2020', '2020-11-06'],
    ['6 November 2020', '2020-11-06'],
    ['2020-11-06T10:00:00Z', '2020-11-06'],
    ['', '1900-01-01'],
    ["{d '2020-11-06'}", '2020-11-06'],
  ])('%j is read as %s', (value, expected) => {
    expect(through(value, 'date')).toBe(expected);
  });

  test('the style says in which order a numeric date is read', () => {
    const asText = type('varchar(10)');
    expect(convertValue(text('06/11/2020', 'date', 103), type('date'), asText)).toBe('2020-11-06');
    expect(convertValue(text('06/11/2020', 'date', 101), type('date'), asText)).toBe('2020-06-11');
  });

  test.each([
    ['2020-11-06 10:00:00.002', '.003'],
    ['2020-11-06 10:00:00.005', '.007'],
    ['2020-11-06 10:00:00.001', '.000'],
    ['2020-11-06 10:00:00.994', '.993'],
    ['2020-11-06 10:00:00.998', '.997'],
  ])('datetime rounds %s to %s', (value, fraction) => {
    expect((through(value, 'datetime', 121) as string).slice(-4)).toBe(fraction);
  });

  test('a datetime just before midnight rounds into the next day', () => {
    expect(through('2020-12-31 23:59:59.999', 'datetime', 121)).toBe('2021-01-01 00:00:00.000');
  });

  test('smalldatetime rounds at 29.999 seconds', () => {
    expect(through('2020-11-06 10:00:29.998', 'smalldatetime', 120)).toBe('2020-11-06 10:00:00');
    expect(through('2020-11-06 10:00:29.999', 'smalldatetime', 120)).toBe('2020-11-06 10:01:00');
  });

  test('a datetime is 1/300 s exactly when it becomes a datetime2', () => {
    const moment = text('2020-11-06 10:00:00.003', 'datetime');
    const newer = convertValue(moment, type('datetime'), type('datetime2(7)'));
    expect(convertValue(newer, type('datetime2(7)'), type('varchar(30)'), 121)).toBe(
      '2020-11-06 10:00:00.0033333',
    );
  });

  test.each([
    ['not a date', 'datetime2', 241],
    ['2020-13-01', 'date', 241],
    ['2020-02-30', 'datetime', 242],
    ['1752-12-31', 'datetime', 242],
    ['2020-11-06 10:00:00.1234567', 'datetime', 241],
    ['2020-11-06 25:00', 'datetime2', 241],
    ['2020-11-06 10:00 +15:00', 'datetimeoffset', 241],
    ['x', 'smalldatetime', 295],
  ])('%j as %s is error %i', (value, to, number) => {
    expect(errorNumber(() => text(value, to))).toBe(number);
  });

  test('a date style for a time and the Hijri style are error 281', () => {
    expect(errorNumber(() => through('10:00', 'time', 101))).toBe(281);
    expect(errorNumber(() => through('2020-01-01', 'datetime', 130))).toBe(281);
  });

  test('numbers count days since 1900', () => {
    expect(through('1900-01-02 12:00', 'datetime', 120)).toBe('1900-01-02 12:00:00');
    expect(convertValue(1.5, type('float'), type('datetime'))).toEqual(text('1900-01-02 12:00', 'datetime'));
    expect(convertValue(text('1900-01-02 12:00', 'datetime'), type('datetime'), type('float'))).toBe(1.5);
  });

  test.each([121, 126])('datetime2(7) to text in style %i and back keeps every tick', (style) => {
    const moment = type('datetime2(7)');
    const days = fc.integer({ min: 0, max: 3_652_058 });
    const ticks = fc.bigInt({ min: 0n, max: 863_999_999_999n });
    fc.assert(
      fc.property(fc.record<SqlMoment>({ days, ticks }), (value) => {
        const written = convertValue(value, moment, type('varchar(33)'), style);
        expect(text(written as string, 'datetime2(7)')).toEqual(value);
      }),
    );
  });

  test('datetimeoffset(7) to text and back keeps instant and offset', () => {
    const moment = fc.record<SqlMoment>({
      days: fc.integer({ min: 1, max: 3_652_057 }),
      ticks: fc.bigInt({ min: 0n, max: 863_999_999_999n }),
      offsetMinutes: fc.integer({ min: -840, max: 840 }),
    });
    fc.assert(
      fc.property(moment, (value) => {
        const written = convertValue(value, type('datetimeoffset'), type('varchar(40)'), 121);
        expect(text(written as string, 'datetimeoffset')).toEqual(value);
      }),
    );
  });

  test('every time type survives a trip through its bytes', () => {
    for (const name of [
      'date',
      'time(7)',
      'time(2)',
      'datetime',
      'smalldatetime',
      'datetime2(3)',
      'datetimeoffset(7)',
    ]) {
      const value = text(name === 'date' ? '2020-11-06' : '2020-11-06 10:11:00', name);
      const bytes = convertValue(value, type(name), type('varbinary(20)'));
      expect(convertValue(bytes, type('varbinary(20)'), type(name)), name).toEqual(value);
    }
  });
});

describe('bytes, uniqueidentifiers and text', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  test('binary styles', () => {
    const value = bytes(0x0a, 0xff);
    expect(convertValue(value, type('varbinary(2)'), type('varchar(10)'), 1)).toBe('0x0AFF');
    expect(convertValue(value, type('varbinary(2)'), type('varchar(10)'), 2)).toBe('0AFF');
    expect(text('0x0AFF', 'varbinary(10)', 1)).toEqual(value);
    expect(text('0aff', 'varbinary(10)', 2)).toEqual(value);
    expect(text('AB', 'varbinary(10)')).toEqual(bytes(0x41, 0x42));
    expect(errorNumber(() => text('0x0', 'varbinary(10)', 1))).toBe(8114);
    expect(errorNumber(() => text('0AFF', 'varbinary(10)', 1))).toBe(8114);
  });

  test('numbers fill binary from the right, text from the left', () => {
    expect(convertValue(1, type('int'), type('binary(6)'))).toEqual(bytes(0, 0, 0, 0, 0, 1));
    expect(convertValue(258, type('int'), type('varbinary(1)'))).toEqual(bytes(2));
    expect(text('A', 'binary(3)')).toEqual(bytes(0x41, 0, 0));
    expect(convertValue(bytes(0xff, 0xff, 0xff, 0xfe), type('varbinary(4)'), type('int'))).toBe(-2);
  });

  test('nvarchar is UTF-16, varchar code page 1252', () => {
    expect(convertValue('€', type('nvarchar(1)'), type('varbinary(4)'))).toEqual(bytes(0xac, 0x20));
    expect(convertValue('€', type('varchar(1)'), type('varbinary(4)'))).toEqual(bytes(0x80));
    expect(convertValue('aЖ€', type('nvarchar(3)'), type('varchar(3)'))).toBe('a?€');
  });

  test('a uniqueidentifier has its first three groups little-endian', () => {
    const guid = '6F9619FF-8B86-D011-B42D-00C04FC964FF';
    const written = convertValue(guid, type('uniqueidentifier'), type('binary(16)')) as Uint8Array;
    expect(written.slice(0, 8)).toEqual(bytes(0xff, 0x19, 0x96, 0x6f, 0x86, 0x8b, 0x11, 0xd0));
    expect(convertValue(written, type('binary(16)'), type('uniqueidentifier'))).toBe(guid);
    expect(text(`{${guid.toLowerCase()}}`, 'uniqueidentifier')).toBe(guid);
    expect(errorNumber(() => convertValue(guid, type('uniqueidentifier'), type('varchar(10)')))).toBe(8170);
  });

  test('text is cut off, char is filled with blanks', () => {
    expect(text('abcdef', 'varchar(3)')).toBe('abc');
    expect(text('ab', 'char(4)')).toBe('ab  ');
    expect(convertValue('ab', type('varchar(2)'), type('nchar(3)'))).toBe('ab ');
  });

  test('a decimal survives a trip through its bytes', () => {
    const value = { unscaled: -12345n, scale: 2 };
    const written = convertValue(value, type('decimal(10,2)'), type('varbinary(20)'));
    expect(written).toEqual(bytes(10, 2, 0, 0, 0x39, 0x30, 0, 0, 0, 0, 0, 0));
    expect(convertValue(written, type('varbinary(20)'), type('decimal(10,2)'))).toEqual(value);
  });

  test('sql_variant keeps the type it was made from', () => {
    const variant = convertValue(5, type('int'), type('sql_variant'));
    expect(variant).toEqual({ type: { name: 'int' }, value: 5 });
    expect(convertValue(variant, type('sql_variant'), type('varchar(5)'))).toBe('5');
  });
});

test('NULL stays NULL in every conversion', () => {
  expect(convertValue(null, type('int'), type('varchar(1)'))).toBeNull();
  expect(converter(type('datetime'), type('varchar(30)'), 126)(null)).toBeNull();
});
