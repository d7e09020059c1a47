import { describe, expect, test } from 'vitest';
import { bucketOf, layoutOf, sessionIdOf, sessionRouter, travelsBy } from './session.ts';
import { perTable } from './table-id.ts';
import type { Value } from './change-event.ts';

const table = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' };
const hash = (text: string) => `0123456789abcdef${text.length}`;
const of = (...key: readonly Value[]) => ({ table, key });
const long = { ...table, table: 'T'.repeat(128) };

describe('the bucket of a key', () => {
  test('never changes: what waits in a session was put there by an older version', () => {
    const keys = [[1], [2], ['x', 7], ['9223372036854775807'], [null]];
    expect(keys.map((key) => bucketOf(key, 32))).toEqual([30, 29, 16, 5, 21]);
  });

  test('spreads numbered keys evenly', () => {
    const counts = Array.from({ length: 32 }, () => 0);
    for (let n = 0; n < 32_000; n += 1) counts[bucketOf([n], 32)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });

  test.each<[string, Value, Value]>([
    ['case', 'abc', 'ABC'],
    ['accents', 'resume', 'Résumé'],
    ['width', 'ABC', 'ＡＢＣ'],
    ['blanks at the end', 'abc', 'abc  '],
    ['ß and ss', 'strasse', 'Straße'],
    ['the letters i of Turkish', 'ıi', 'Iİ'],
    ['whether a number has become a bigint', 42, '42'],
  ])('does not depend on %s, which the database may not tell apart', (_, a, b) => {
    expect(bucketOf([a], 1_024)).toBe(bucketOf([b], 1_024));
  });

  test('distinguishes keys by where a value ends', () => {
    expect(bucketOf(['ab', 'c'], 1_024)).not.toBe(bucketOf(['a', 'bc'], 1_024));
  });
});

describe('the session of a change', () => {
  test('is its table’s when ordered by table', () => {
    expect(sessionRouter({ by: 'table' }, hash)(of(1))).toBe('db1/shop/dbo.Persons');
  });

  test('is the bucket of its key when ordered by key, and its table’s without a key', () => {
    const sessionOf = sessionRouter({ by: 'key', sessions: 32 }, hash);
    expect(sessionOf(of(1))).toBe('db1/shop/dbo.Persons/30');
    expect(sessionOf({ table, key: null })).toBe('db1/shop/dbo.Persons');
  });

  test('is of its own table, whatever tables are mixed, and whichever object represents one', () => {
    const [byTable, byKey] = [
      sessionRouter({ by: 'table' }, hash),
      sessionRouter({ by: 'key', sessions: 32 }, hash),
    ];
    const orders = { ...table, table: 'Orders' };
    const changes = [table, orders, table, { ...orders }].map((of) => ({ table: of, key: [1] }));
    const sessions = ['db1/shop/dbo.Persons', 'db1/shop/dbo.Orders'];
    expect(changes.map(byTable)).toEqual([...sessions, ...sessions]);
    expect(changes.map(byKey)).toEqual([...sessions, ...sessions].map((session) => `${session}/30`));
  });

  test('is made once for each table, not for each change', () => {
    let made = 0;
    const of = perTable(() => (made += 1));
    const orders = { ...table, table: 'Orders' };
    expect([table, table, orders, table, orders].map(of)).toEqual([1, 1, 2, 1, 2]);
  });

  test('has at most 128 characters, and is recognised, also for a table with a long name', () => {
    const sessionOf = sessionRouter({ by: 'key', sessions: 1_024 }, hash);
    const sessions = Array.from({ length: 99 }, (_, Id) => sessionOf({ table: long, key: [Id] }));
    expect(Math.max(...sessions.map((id) => id.length))).toBe(128);
    expect(sessions.every((id) => travelsBy(id, long, hash))).toBe(true);
    expect(travelsBy(sessionIdOf(long, hash), long, hash)).toBe(true);
  });

  test.each(['/1024', '/01', '/x', '/', '/1/2', '/-1', 'x/1'])(
    'is not the table’s id with %s behind it',
    (end) => {
      expect(travelsBy(`db1/shop/dbo.Persons${end}`, table, hash)).toBe(false);
    },
  );

  test('any bucket is the table’s: messages of another layout may still be on their way', () => {
    expect(travelsBy('db1/shop/dbo.Persons/1023', table, hash)).toBe(true);
  });

  test('layouts differ by one word', () => {
    expect([layoutOf({ by: 'table' }), layoutOf({ by: 'key', sessions: 8 })]).toEqual(['table', 'key/8']);
  });
});
