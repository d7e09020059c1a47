import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlMoment } from '../../interface/engine-session.ts';
import { errorNumber } from '../../errors/test-error-number.ts';
import { convertValue } from './convert-value.ts';
import { text, through, type } from './test-conversion.ts';

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
