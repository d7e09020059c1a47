import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import { commonType } from '../basic/common-type.ts';
import { compareValues } from './compare-values.ts';
import { hashKey } from './hash-key.ts';

const varchar: SqlType = { name: 'varchar', length: 50 };
const varbinary: SqlType = { name: 'varbinary', length: 50 };
const decimal: SqlType = { name: 'decimal', precision: 38, scale: 10 };
const guid: SqlType = { name: 'uniqueidentifier' };
const variant: SqlType = { name: 'sql_variant' };

describe('text', () => {
  test.each([
    ['abc', 'ABC', 0],
    ['abc', 'abc  ', 0],
    ['abc', 'abd', -1],
    ['cote', 'coté', -1],
    ['Zebra', 'apple', 1],
    ['', '  ', 0],
  ])('%j with %j is %i', (a, b, expected) => {
    expect(compareValues(a, b, varchar)).toBe(expected);
  });

  test('case counts when asked', () => {
    expect(compareValues('abc', 'ABC', varchar, { caseSensitive: true })).not.toBe(0);
    expect(compareValues('abc', 'abc ', varchar, { caseSensitive: true })).toBe(0);
  });
});

test('uniqueidentifiers compare by their last group first', () => {
  const low = 'FFFFFFFF-0000-0000-0000-000000000001';
  const high = '00000000-0000-0000-0000-000000000002';
  expect(compareValues(low, high, guid)).toBe(-1);
});

test('zeros at the end of binary data do not count', () => {
  expect(compareValues(Uint8Array.of(1), Uint8Array.of(1, 0), varbinary)).toBe(0);
  expect(compareValues(Uint8Array.of(1), Uint8Array.of(1, 1), varbinary)).toBe(-1);
  expect(compareValues(Uint8Array.of(2), Uint8Array.of(1, 255), varbinary)).toBe(1);
});

test('NULL comes first and equals NULL', () => {
  expect(compareValues(null, 0, { name: 'int' })).toBe(-1);
  expect(compareValues(null, null, { name: 'int' })).toBe(0);
  expect(hashKey(null)).not.toBe(hashKey(''));
});

test('sql_variant compares numbers of several types by value, families by rank', () => {
  const five = { type: { name: 'int' }, value: 5 } as const;
  const exact = {
    type: { name: 'decimal', precision: 5, scale: 1 },
    value: { unscaled: 50n, scale: 1 },
  } as const;
  expect(compareValues(five, exact, variant)).toBe(0);
  expect(hashKey(five)).toBe(hashKey(exact));
  expect(compareValues({ type: varchar, value: '9' }, five, variant)).toBe(-1);
});

describe('two values have one key exactly when they are equal', () => {
  const counterexample = (type: SqlType, values: fc.Arbitrary<SqlValue>): unknown =>
    fc.check(
      fc.property(values, values, (a, b) => {
        const order = compareValues(a, b, type);
        return (hashKey(a) === hashKey(b)) === (order === 0) && order === 0 - compareValues(b, a, type);
      }),
    ).counterexample;

  test('text', () => {
    expect(
      counterexample(
        varchar,
        fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('a', 'A', 'a ', 'É', 'é', '\u0000')),
      ),
    ).toBeNull();
  });

  test('binary', () => {
    expect(counterexample(varbinary, fc.uint8Array({ maxLength: 3, max: 2 }))).toBeNull();
  });

  test('decimals of several scales', () => {
    const unscaled = fc.bigInt({ min: -200n, max: 200n });
    expect(
      counterexample(decimal, fc.record({ unscaled, scale: fc.integer({ min: 0, max: 2 }) })),
    ).toBeNull();
  });

  test('floats', () => {
    expect(
      counterexample({ name: 'float' }, fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0))),
    ).toBeNull();
  });
});

describe('the type in which two meet', () => {
  test.each<[SqlType, SqlType, SqlType]>([
    [{ name: 'int' }, { name: 'bigint' }, { name: 'bigint' }],
    [varchar, { name: 'int' }, { name: 'int' }],
    [varchar, { name: 'nvarchar', length: 10 }, { name: 'nvarchar', length: 50 }],
    [varchar, { name: 'varchar', length: 'max' }, { name: 'varchar', length: 'max' }],
    [
      { name: 'decimal', precision: 10, scale: 2 },
      { name: 'decimal', precision: 5, scale: 4 },
      { name: 'decimal', precision: 12, scale: 4 },
    ],
    [
      { name: 'int' },
      { name: 'decimal', precision: 5, scale: 2 },
      { name: 'decimal', precision: 12, scale: 2 },
    ],
    [{ name: 'datetime' }, { name: 'datetime2', scale: 0 }, { name: 'datetime2', scale: 3 }],
    [{ name: 'date' }, { name: 'datetimeoffset', scale: 7 }, { name: 'datetimeoffset', scale: 7 }],
    [varbinary, varchar, varchar],
  ])('%j and %j', (a, b, expected) => {
    expect(commonType(a, b)).toEqual(expected);
    expect(commonType(b, a)).toEqual(expected);
  });

  test('types that do not convert are error 206', () => {
    expect(() => commonType({ name: 'int' }, { name: 'date' })).toThrow(
      expect.objectContaining({ number: 206, message: 'Operand type clash: int is incompatible with date' }),
    );
  });
});
