import { describe, expect, test } from 'vitest';
import type { SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { errorNumber } from '../../errors/test-error-number.ts';
import { convertValue } from '../conversions/convert-value.ts';
import { scalarFunctions, type ScalarContext } from './scalar-functions.ts';

const now: SqlMoment = { days: 739_000, ticks: 123_456_789_012n };
const context: ScalarContext = {
  nowTicks: () => now,
  random: () => 0.25,
  newId: () => '6F9619FF-8B86-D011-B42D-00C04FC964FF',
};

const varcharMax: SqlType = { name: 'varchar', length: 'max' };
const int: SqlType = { name: 'int' };
const decimal = (precision: number, scale: number): SqlType => ({ name: 'decimal', precision, scale });

interface Arg {
  readonly type: SqlType;
  readonly value: SqlValue;
}

const arg = (type: SqlType, value: SqlValue): Arg => ({ type, value });
const text = (value: string): Arg => arg({ name: 'varchar', length: Math.max(1, value.length) }, value);
const moment = (type: SqlType, value: string): Arg => arg(type, convertValue(value, varcharMax, type));
const datetime2 = (value: string): Arg => moment({ name: 'datetime2', scale: 7 }, value);

/** Plain numbers are int, plain strings varchar. */
const asArg = (value: Arg | string | number | null): Arg =>
  typeof value === 'string'
    ? text(value)
    : typeof value === 'number' || value === null
      ? arg(int, value)
      : value;

function call(name: string, ...given: (Arg | string | number | null)[]): SqlValue {
  const args = given.map(asArg);
  const scalar = scalarFunctions.get(name);
  if (!scalar) throw new Error(`no function ${name}`);
  return scalar.call(
    args.map(({ value }) => value),
    args.map(({ type }) => type),
    context,
  );
}

function typeOf(name: string, ...given: (Arg | string | number | null)[]): SqlType | undefined {
  const args = given.map(asArg);
  return scalarFunctions.get(name)?.type(
    args.map(({ type }) => type),
    args.map(({ value }) => value),
  );
}

function shown(name: string, style: number, ...given: (Arg | string | number | null)[]): SqlValue {
  const type = typeOf(name, ...given);
  return type === undefined ? null : convertValue(call(name, ...given), type, varcharMax, style);
}

describe('text', () => {
  test.each<[string, (string | number)[], SqlValue]>([
    ['LEN', ['abc  '], 3],
    ['DATALENGTH', ['abc  '], 5],
    ['LEFT', ['abcdef', 3], 'abc'],
    ['RIGHT', ['abcdef', 3], 'def'],
    ['RIGHT', ['abc', 0], ''],
    ['SUBSTRING', ['abcdef', 2, 3], 'bcd'],
    ['SUBSTRING', ['abcdef', 0, 3], 'ab'],
    ['UPPER', ['straße'], 'STRAßE'],
    ['LOWER', ['ÄB'], 'äb'],
    ['LTRIM', ['  a '], 'a '],
    ['RTRIM', [' a  '], ' a'],
    ['TRIM', ['  a  '], 'a'],
    ['TRIM', ['.x', 'x.a.x'], 'a'],
    ['REPLACE', ['aAbB', 'a', '$&'], '$&$&bB'],
    ['REPLICATE', ['ab', 3], 'ababab'],
    ['SPACE', [3], '   '],
    ['STUFF', ['abcdef', 2, 3, 'ijklmn'], 'aijklmnef'],
    ['REVERSE', ['abc'], 'cba'],
    ['CONCAT', ['a', 1, 'b'], 'a1b'],
    ['TRANSLATE', ['2*[3+4]/{7-2}', '[]{}', '()()'], '2*(3+4)/(7-2)'],
    ['QUOTENAME', ['abc[]def'], '[abc[]]def]'],
    ['QUOTENAME', ["it's", "'"], "'it''s'"],
    ['STRING_ESCAPE', ['a/"\n', 'json'], String.raw`a\/\"\n`],
    ['CHARINDEX', ['B', 'abcb'], 2],
    ['CHARINDEX', ['b', 'abcb', 3], 4],
    ['PATINDEX', ['%ter%', 'interesting'], 3],
    ['PATINDEX', ['%[^a-z]%', 'abc1'], 4],
    ['PATINDEX', ['abc', 'xabc'], 0],
    ['CHAR', [128], '€'],
    ['NCHAR', [8364], '€'],
    ['ASCII', ['€'], 128],
    ['UNICODE', ['€'], 8364],
    ['STR', [123, 6], '   123'],
    ['STR', [1234, 2], '**'],
  ])('%s %j is %j', (name, args, expected) => {
    expect(call(name, ...args)).toBe(expected);
  });

  test('NULL arguments give NULL, but CONCAT takes them for empty and CONCAT_WS leaves them out', () => {
    expect(call('LEN', null)).toBeNull();
    expect(call('CONCAT', 'a', null, 'b')).toBe('ab');
    expect(call('CONCAT_WS', ',', 'a', null, 'b')).toBe('a,b');
  });

  test('a negative length is an error', () => {
    expect(errorNumber(() => call('LEFT', 'a', -1))).toBe(536);
    expect(errorNumber(() => call('SUBSTRING', 'a', 1, -1))).toBe(537);
  });

  test('result types carry lengths', () => {
    expect(typeOf('LEFT', 'abcdef', 3)).toEqual({ name: 'varchar', length: 3 });
    expect(typeOf('CONCAT', 'ab', arg({ name: 'nvarchar', length: 5 }, 'x'))).toEqual({
      name: 'nvarchar',
      length: 7,
    });
    expect(typeOf('LEN', arg(varcharMax, ''))).toEqual({ name: 'bigint' });
  });
});

describe('numbers', () => {
  const exact = (unscaled: bigint, precision: number, scale: number): Arg =>
    arg(decimal(precision, scale), { unscaled, scale });

  test.each<[string, Arg[], SqlValue]>([
    ['ABS', [arg(int, -5)], 5],
    ['SIGN', [arg(int, -5)], -1],
    ['CEILING', [exact(-12_345n, 5, 2)], { unscaled: -123n, scale: 0 }],
    ['CEILING', [exact(12_345n, 5, 2)], { unscaled: 124n, scale: 0 }],
    ['FLOOR', [exact(-12_345n, 5, 2)], { unscaled: -124n, scale: 0 }],
    ['FLOOR', [exact(12_345n, 5, 2)], { unscaled: 123n, scale: 0 }],
    ['ROUND', [exact(123_456n, 8, 3), arg(int, 1)], { unscaled: 123_500n, scale: 3 }],
    ['ROUND', [exact(-123_450n, 8, 3), arg(int, 1), arg(int, 0)], { unscaled: -123_500n, scale: 3 }],
    ['ROUND', [exact(123_456n, 8, 3), arg(int, 1), arg(int, 1)], { unscaled: 123_400n, scale: 3 }],
    ['ROUND', [arg(int, 1250), arg(int, -2)], 1300],
    ['POWER', [arg(int, 2), arg(int, 10)], 1024],
    ['SQRT', [arg(int, 16)], 4],
    ['SQUARE', [arg(int, 5)], 25],
    ['PI', [], Math.PI],
    ['RAND', [], 0.25],
    ['LOG', [arg(int, 8), arg(int, 2)], Math.log(8) / Math.log(2)],
  ])('%s', (name, args, expected) => {
    expect(call(name, ...args)).toEqual(expected);
  });

  test('a result that does not fit is error 8115, an impossible one 3623', () => {
    expect(errorNumber(() => call('ABS', -2_147_483_648))).toBe(8115);
    expect(errorNumber(() => call('POWER', 2, 31))).toBe(8115);
    expect(errorNumber(() => call('SQRT', -1))).toBe(3623);
    expect(errorNumber(() => call('LOG', 0))).toBe(3623);
  });

  test('RAND with a seed depends on it alone', () => {
    expect(call('RAND', 7)).toBe(call('RAND', 7));
    expect(call('RAND', 7)).not.toBe(call('RAND', 8));
  });
});

describe('dates', () => {
  test.each<[string, number, Arg, string]>([
    ['month', 1, datetime2('2020-01-31 10:00'), '2020-02-29 10:00:00.0000000'],
    ['yy', -1, datetime2('2020-02-29'), '2019-02-28 00:00:00.0000000'],
    ['quarter', 1, datetime2('2020-11-30'), '2021-02-28 00:00:00.0000000'],
    ['wk', 2, datetime2('2020-12-20'), '2021-01-03 00:00:00.0000000'],
    ['hour', 25, datetime2('2020-12-31 23:00'), '2021-01-02 00:00:00.0000000'],
    ['ns', 150, datetime2('2020-01-01'), '2020-01-01 00:00:00.0000002'],
    ['ms', -1, datetime2('2020-01-01'), '2019-12-31 23:59:59.9990000'],
    ['day', 1, text('20200228'), '2020-02-29 00:00:00.000'],
  ])('DATEADD %s %i', (part, count, value, expected) => {
    expect(shown('DATEADD', 121, part, count, value)).toBe(expected);
  });

  test('DATEADD refuses what the type has not and what leaves its range', () => {
    expect(errorNumber(() => call('DATEADD', 'hour', 1, moment({ name: 'date' }, '2020-01-01')))).toBe(9810);
    expect(errorNumber(() => call('DATEADD', 'year', 8000, datetime2('2020-01-01')))).toBe(517);
    expect(errorNumber(() => call('DATEADD', 'fortnight', 1, datetime2('2020-01-01')))).toBe(155);
  });

  test.each<[string, string, string, number]>([
    ['year', '2005-12-31 23:59:59.9999999', '2006-01-01', 1],
    ['quarter', '2005-12-31 23:59:59.9999999', '2006-01-01', 1],
    ['month', '2005-12-31', '2006-02-01', 2],
    ['day', '2005-12-31 23:59', '2006-01-01', 1],
    ['week', '2020-11-07', '2020-11-08', 1],
    ['week', '2020-11-08', '2020-11-14', 0],
    ['hour', '2020-11-07 00:59', '2020-11-07 01:00', 1],
    ['second', '2020-11-07 00:00:01', '2020-11-07 00:00:00', -1],
    ['ms', '2020-11-07 00:00:00', '2020-11-07 00:00:01.5', 1500],
    ['ns', '2020-11-07 00:00:00', '2020-11-07 00:00:00.0000001', 100],
  ])('DATEDIFF %s from %s to %s is %i', (part, start, end, expected) => {
    expect(call('DATEDIFF', part, datetime2(start), datetime2(end))).toBe(expected);
  });

  test('DATEDIFF overflows with error 535 where DATEDIFF_BIG counts on', () => {
    const [start, end] = [datetime2('0001-01-01'), datetime2('9999-12-31')];
    expect(errorNumber(() => call('DATEDIFF', 'second', start, end))).toBe(535);
    expect(call('DATEDIFF_BIG', 'second', start, end)).toBe(3_652_058n * 86_400n);
  });

  test.each<[string, number]>([
    ['year', 2021],
    ['dayofyear', 3],
    ['week', 2],
    ['weekday', 1],
    ['isowk', 53],
    ['hour', 13],
    ['ms', 123],
    ['mcs', 123_456],
    ['ns', 123_456_700],
  ])('DATEPART %s is %i', (part, expected) => {
    expect(call('DATEPART', part, datetime2('2021-01-03 13:05:09.1234567'))).toBe(expected);
  });

  test('names and ends of months', () => {
    expect(call('DATENAME', 'month', datetime2('2020-11-06'))).toBe('November');
    expect(call('DATENAME', 'dw', datetime2('2020-11-06'))).toBe('Friday');
    expect(shown('EOMONTH', 23, datetime2('2020-02-06'))).toBe('2020-02-29');
    expect(shown('EOMONTH', 23, datetime2('2020-02-06'), -1)).toBe('2020-01-31');
    expect(call('YEAR', text('2020-02-06'))).toBe(2020);
  });

  test('dates from parts', () => {
    expect(shown('DATEFROMPARTS', 23, 2020, 2, 29)).toBe('2020-02-29');
    expect(errorNumber(() => call('DATEFROMPARTS', 2021, 2, 29))).toBe(289);
    expect(shown('DATETIME2FROMPARTS', 121, 2020, 2, 29, 23, 59, 59, 5, 1)).toBe('2020-02-29 23:59:59.5');
  });

  test('offsets', () => {
    const local = moment({ name: 'datetimeoffset', scale: 0 }, '2020-11-06 10:00 +02:00');
    expect(shown('SWITCHOFFSET', 121, local, '-05:00')).toBe('2020-11-06 03:00:00 -05:00');
    expect(shown('TODATETIMEOFFSET', 121, datetime2('2020-11-06 10:00'), '+02:00')).toBe(
      '2020-11-06 10:00:00.0000000 +02:00',
    );
    expect(shown('atTimeZone', 121, local, 'UTC')).toBe('2020-11-06 08:00:00 +00:00');
    expect(shown('atTimeZone', 121, datetime2('2020-11-06 10:00'), 'utc')).toBe(
      '2020-11-06 10:00:00.0000000 +00:00',
    );
    expect(errorNumber(() => call('atTimeZone', local, 'Nowhere'))).toBe(9820);
  });

  test('the clock is that of the context', () => {
    expect(call('SYSUTCDATETIME')).toEqual(now);
    expect(call('SYSDATETIMEOFFSET')).toEqual({ ...now, offsetMinutes: 0 });
    expect(shown('GETDATE', 114)).toBe('03:25:45.680'.replace('.', ':'));
  });
});

describe('values of any type', () => {
  test.each<[string, (Arg | string | number | null)[], SqlValue]>([
    ['ISNUMERIC', ['12.5e3'], 1],
    ['ISNUMERIC', ['$1,000'], 1],
    ['ISNUMERIC', ['x'], 0],
    ['ISNUMERIC', [null], 0],
    ['ISDATE', ['20201106'], 1],
    ['ISDATE', ['20201306'], 0],
    ['CHOOSE', [2, 'a', 'b'], 'b'],
    ['CHOOSE', [3, 'a', 'b'], null],
    ['GREATEST', [1, null, 3], 3],
    ['LEAST', ['b', 'A'], 'A'],
    ['DATALENGTH', [arg(decimal(38, 0), { unscaled: 1n, scale: 0 })], 17],
    ['DATALENGTH', [arg({ name: 'nvarchar', length: 3 }, 'abc')], 6],
    ['NEWID', [], '6F9619FF-8B86-D011-B42D-00C04FC964FF'],
  ])('%s', (name, args, expected) => {
    expect(call(name, ...args)).toBe(expected);
  });

  test('HASHBYTES hashes the stored bytes', () => {
    const hash = call('HASHBYTES', 'MD5', 'abc') as Uint8Array;
    expect(Buffer.from(hash).toString('hex')).toBe('900150983cd24fb0d6963f7d28e17f72');
    expect(call('HASHBYTES', 'CRC', 'abc')).toBeNull();
  });

  test('CHECKSUM is the same for equal values', () => {
    expect(call('CHECKSUM', 'abc', 1)).toBe(call('CHECKSUM', 'ABC ', 1));
    expect(call('CHECKSUM', 'abc', 1)).not.toBe(call('CHECKSUM', 'abc', 2));
  });

  test('FORMAT is refused', () => {
    expect(errorNumber(() => typeOf('FORMAT', 1, 'N'))).toBe(195);
  });
});
