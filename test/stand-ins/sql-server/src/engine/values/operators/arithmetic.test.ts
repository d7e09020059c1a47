import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import { errorNumber } from '../../errors/test-error-number.ts';
import { arithmetic, arithmeticType, bitwiseNot, negation, type ArithmeticOp } from './arithmetic.ts';
import { decimalText, parseDecimal } from '../basic/decimal.ts';

const int: SqlType = { name: 'int' };
const bigint: SqlType = { name: 'bigint' };
const float: SqlType = { name: 'float' };
const money: SqlType = { name: 'money' };
const datetime: SqlType = { name: 'datetime' };
const decimal = (precision: number, scale: number): SqlType => ({ name: 'decimal', precision, scale });

function decimals(op: ArithmeticOp, a: string, aType: SqlType, b: string, bType: SqlType): string {
  const result = arithmetic(op, parseDecimal(a) ?? null, aType, parseDecimal(b) ?? null, bType);
  return decimalText(result as { unscaled: bigint; scale: number });
}

describe('integers', () => {
  test.each<[ArithmeticOp, number, number, number]>([
    ['+', 2, 3, 5],
    ['-', 2, 3, -1],
    ['*', 46_340, 46_340, 2_147_395_600],
    ['/', -7, 2, -3],
    ['%', -7, 2, -1],
    ['&', 6, 3, 2],
    ['|', 6, 3, 7],
    ['^', 6, 3, 5],
  ])('int %s: %i, %i is %i', (op, a, b, expected) => {
    expect(arithmetic(op, a, int, b, int)).toBe(expected);
  });

  test('a zero has no sign', () => {
    expect(Object.is(arithmetic('/', -1, int, 2, int), 0)).toBe(true);
    expect(Object.is(arithmetic('*', 0, int, -5, int), 0)).toBe(true);
  });

  test('overflow is error 8115, division by zero 8134, bit with bit 402', () => {
    expect(errorNumber(() => arithmetic('+', 2_147_483_647, int, 1, int))).toBe(8115);
    expect(errorNumber(() => arithmetic('*', 2n ** 62n, bigint, 2, int))).toBe(8115);
    expect(errorNumber(() => arithmetic('/', 1, int, 0, int))).toBe(8134);
    expect(errorNumber(() => arithmetic('%', 1n, bigint, 0, int))).toBe(8134);
    expect(errorNumber(() => arithmetic('+', true, { name: 'bit' }, true, { name: 'bit' }))).toBe(402);
  });

  test('the higher type wins, text is read as the other side', () => {
    expect(arithmeticType('+', { name: 'tinyint' }, bigint)).toEqual(bigint);
    expect(arithmetic('+', '12', { name: 'varchar', length: 2 }, 1, int)).toBe(13);
    expect(errorNumber(() => arithmetic('+', 'x', { name: 'varchar', length: 2 }, 1, int))).toBe(245);
  });

  test('unary minus and bitwise not', () => {
    expect(negation({ name: 'tinyint' }).type).toEqual({ name: 'smallint' });
    expect(negation(int).apply(5)).toBe(-5);
    expect(errorNumber(() => negation(int).apply(-2_147_483_648))).toBe(8115);
    expect(bitwiseNot({ name: 'tinyint' }).apply(1)).toBe(254);
    expect(bitwiseNot(int).apply(1)).toBe(-2);
  });
});

describe('decimals', () => {
  test.each<[ArithmeticOp, SqlType, SqlType, SqlType]>([
    ['+', decimal(10, 2), decimal(5, 4), decimal(13, 4)],
    ['*', decimal(10, 2), decimal(5, 4), decimal(16, 6)],
    ['/', decimal(10, 2), decimal(5, 4), decimal(20, 8)],
    ['%', decimal(10, 2), decimal(5, 4), decimal(5, 4)],
    ['+', decimal(38, 10), decimal(38, 10), decimal(38, 10)],
    ['*', decimal(38, 10), decimal(38, 10), decimal(38, 6)],
    ['/', decimal(38, 10), decimal(38, 10), decimal(38, 6)],
    ['+', int, decimal(5, 2), decimal(13, 2)],
    ['*', money, decimal(5, 2), decimal(25, 6)],
  ])('the type of %s', (op, a, b, expected) => {
    expect(arithmeticType(op, a, b)).toEqual(expected);
  });

  test('a quotient is cut off, a product that loses scale is rounded', () => {
    expect(decimals('/', '2', decimal(1, 0), '3.0', decimal(2, 1))).toBe('0.666666');
    expect(decimals('*', '0.0000005', decimal(38, 10), '1', decimal(38, 10))).toBe('0.000001');
    expect(decimals('%', '-7.5', decimal(5, 1), '2', decimal(5, 0))).toBe('-1.5');
  });

  test('overflow is error 8115', () => {
    const large = '9'.repeat(38);
    expect(errorNumber(() => decimals('+', large, decimal(38, 0), large, decimal(38, 0)))).toBe(8115);
  });

  test('sums are exact', () => {
    const type = decimal(20, 4);
    const value = fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const sum = arithmetic('+', { unscaled: a, scale: 4 }, type, { unscaled: b, scale: 4 }, type);
        expect(arithmetic('-', sum, decimal(21, 4), { unscaled: b, scale: 4 }, type)).toEqual({
          unscaled: a,
          scale: 4,
        });
      }),
    );
  });
});

describe('money, float, dates, text', () => {
  const cents = (unscaled: bigint): SqlValue => ({ unscaled, scale: 4 });

  test('money rounds products and cuts off quotients', () => {
    expect(arithmetic('*', cents(15n), money, cents(15_000n), money)).toEqual(cents(23n));
    expect(arithmetic('/', cents(20_000n), money, cents(30_000n), money)).toEqual(cents(6666n));
  });

  test('float has no modulo and no infinity', () => {
    expect(arithmetic('/', 1, float, 4, float)).toBe(0.25);
    expect(errorNumber(() => arithmetic('*', 1e308, float, 10, float))).toBe(8115);
    expect(errorNumber(() => arithmeticType('%', float, float))).toBe(402);
  });

  test('a number beside a datetime counts as days; newer types refuse it', () => {
    const moment = { days: 737_734, ticks: 0n };
    expect(arithmetic('+', moment, datetime, 1, int)).toEqual({ days: 737_735, ticks: 0n });
    expect(arithmetic('-', moment, datetime, 0.5, float)).toEqual({ days: 737_733, ticks: 432_000_000_000n });
    expect(errorNumber(() => arithmeticType('+', { name: 'datetime2', scale: 7 }, int))).toBe(206);
    expect(errorNumber(() => arithmeticType('-', { name: 'date' }, { name: 'date' }))).toBe(8117);
  });

  test('concatenation adds lengths up to the largest of the type', () => {
    const short: SqlType = { name: 'varchar', length: 3 };
    const wide: SqlType = { name: 'nvarchar', length: 3999 };
    expect(arithmetic('+', 'ab', short, 'c', short)).toBe('abc');
    expect(arithmeticType('+', short, short)).toEqual({ name: 'varchar', length: 6 });
    expect(arithmeticType('+', short, wide)).toEqual({ name: 'nvarchar', length: 4000 });
    expect(arithmeticType('+', short, { name: 'nvarchar', length: 'max' })).toEqual({
      name: 'nvarchar',
      length: 'max',
    });
    expect(
      arithmetic('+', Uint8Array.of(1), { name: 'binary', length: 1 }, Uint8Array.of(2), {
        name: 'varbinary',
        length: 1,
      }),
    ).toEqual(Uint8Array.of(1, 2));
  });

  test('NULL with anything is NULL', () => {
    expect(arithmetic('/', null, int, 0, int)).toBeNull();
    expect(
      arithmetic('+', 'a', { name: 'varchar', length: 1 }, null, { name: 'varchar', length: 1 }),
    ).toBeNull();
  });
});
