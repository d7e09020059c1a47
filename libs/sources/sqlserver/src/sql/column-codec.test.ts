import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { codecOf, isKnownType, knownTypes } from './column-codec.ts';

describe('a value', () => {
  test.each([
    ['int', '[c]', 7, 7],
    ['bit', '[c]', true, true],
    ['float', '[c]', 0.1, 0.1],
    ['real', '[c]', Math.fround(0.1), 0.1],
    ['bigint', 'CONVERT(varchar(20), [c])', '9223372036854775807', '9223372036854775807'],
    ['decimal', 'CONVERT(varchar(41), [c])', '0.0000000001', '0.0000000001'],
    ['money', 'CONVERT(varchar(40), [c], 2)', '922337203685477.5807', '922337203685477.5807'],
    ['date', 'CONVERT(varchar(10), [c], 23)', '0001-01-01', '0001-01-01'],
    ['time', 'CONVERT(varchar(16), [c], 121)', '23:59:59.9999999', '23:59:59.9999999'],
    ['datetime', 'CONVERT(varchar(23), [c], 121)', '2026-11-20 09:15:30.003', '2026-11-20T09:15:30.003'],
    ['smalldatetime', 'CONVERT(varchar(19), [c], 126)', '2026-11-20T09:15:00', '2026-11-20T09:15:00'],
    [
      'datetime2',
      'CONVERT(varchar(27), [c], 121)',
      '9999-12-31 23:59:59.0000000',
      '9999-12-31T23:59:59.0000000',
    ],
    [
      'datetimeoffset',
      'CONVERT(varchar(34), [c], 121)',
      '2026-11-20 09:15:30.1234567 +02:00',
      '2026-11-20T09:15:30.1234567+02:00',
    ],
    [
      'uniqueidentifier',
      '[c]',
      '6f9619ff-8b86-d011-b42d-00c04fc964ff',
      '6F9619FF-8B86-D011-B42D-00C04FC964FF',
    ],
    ['varbinary', '[c]', Buffer.from([255, 216, 255]), '/9j/'],
    ['timestamp', '[c]', Buffer.alloc(8), 'AAAAAAAAAAA='],
    ['nvarchar', '[c]', 'Łukasz 🙂\u0000\ud83d', 'Łukasz 🙂\u0000\ud83d'],
    ['xml', 'CONVERT(nvarchar(max), [c])', '<a/>', '<a/>'],
    ['hierarchyid', '[c].ToString()', '/1/', '/1/'],
    ['vector', 'CONVERT(nvarchar(max), [c])', '[1]', '[1]'],
  ])('of type %s is selected as %s', (type, expression, received, sent) => {
    const codec = codecOf({ name: 'c', type });
    expect(codec.expression).toBe(expression);
    expect(codec.decode(received)).toEqual(sent);
    expect(isKnownType(type)).toBe(type !== 'vector');
  });

  test.each(['char', 'varchar', 'text'])('of type %s is turned to Unicode by the server', (type) => {
    // To max: a shorter type would cut what a column that was widened meanwhile holds.
    expect(codecOf({ name: 'c', type }).expression).toBe('CONVERT(nvarchar(max), [c])');
  });

  test.each([
    ['varchar', 3999, 'nvarchar(4000)'],
    ['char', 1, 'nvarchar(4000)'],
    ['varchar', 4000, 'nvarchar(max)'],
    ['varchar', -1, 'nvarchar(max)'],
    ['varchar', 0, 'nvarchar(max)'],
    ['text', 16, 'nvarchar(max)'],
  ])('of type %s and %i bytes becomes %s', (type, maxBytes, converted) => {
    expect(codecOf({ name: 'c', type, maxBytes }).expression).toBe(`CONVERT(${converted}, [c])`);
  });

  test('that may have been cut, because its column was widened, is not sent', () => {
    const { decode } = codecOf({ name: 'c', type: 'varchar', maxBytes: 10 });
    expect(decode('a'.repeat(3999))).toBe('a'.repeat(3999));
    expect(() => decode('a'.repeat(4000))).toThrow(expect.objectContaining({ code: 'CaptureChanged' }));
  });

  test.each(['nchar', 'nvarchar', 'ntext'])('of type %s is taken as it is', (type) => {
    expect(codecOf({ name: 'c', type }).expression).toBe('[c]');
  });

  test('of type sql_variant says its base type, with the digits that the type has', () => {
    const { decode, expression } = codecOf({ name: 'a]b', type: 'sql_variant' });
    expect(expression).toContain("SQL_VARIANT_PROPERTY([a]]b], 'BaseType')");
    expect(
      [
        'int,10,0:-7',
        'numeric,38,2:1.50',
        'float,53,0:1.1000000000000001e+000',
        'real,24,0:1.1000000238418579e+000',
        'datetime2,23,3:2026-11-20 09:15:30.1230000',
        'time,8,0:09:15:30.0000000',
        'datetimeoffset,34,7:2026-11-20 09:15:30.1234567 -08:45',
        'smalldatetime,16,0:2026-11-20 09:15:00.000',
        'varbinary,0,0:FFD8FF',
        'varchar,0,0:a:b,c d e',
      ].map(decode),
    ).toEqual([
      'int:-7',
      'numeric(38,2):1.50',
      'float:1.1',
      'real:1.1',
      'datetime2(3):2026-11-20T09:15:30.123',
      'time(0):09:15:30',
      'datetimeoffset(7):2026-11-20T09:15:30.1234567-08:45',
      'smalldatetime:2026-11-20T09:15:00',
      'varbinary:/9j/',
      'varchar:a:b,c d e',
    ]);
  });
});

test('every known type is in the table of the README, and no other', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, table = ''] = /## How values arrive\n([^#]*)/.exec(readme) ?? [];
  const types = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z_0-9]+)/g)].map(([, type]) => type),
  );
  expect(new Set(types)).toEqual(new Set(knownTypes));
  expect(types).toHaveLength(knownTypes.length);
});
