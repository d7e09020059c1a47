import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlValue } from '../../interface/engine-session.ts';
import { SqlError } from '../../errors/sql-error.ts';
import { errorNumber } from '../../errors/test-error-number.ts';
import { convertValue } from './convert-value.ts';
import { text, through, type } from './test-conversion.ts';

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
