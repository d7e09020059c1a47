import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { goodUntil } from './deadline.ts';
import { BatchError, DStreamError, isTableFault } from './errors.ts';
import { nextGeneration } from './generation.ts';
import { notAccepted } from './not-accepted.ts';
import { isNewer, type Position, type Progress } from './position.ts';
import { RecentIds } from './recent-ids.ts';
import { shorten } from './shorten.ts';
import { tableKey, type TableId } from './table-id.ts';

const at = (generation: number, position: string): Progress => ({
  generation,
  position: position as Position,
});
const hash = (text: string) => `${text.length}`.padStart(16, '0');

describe('progress', () => {
  test('anything is newer than nothing, and a thing is not newer than itself', () => {
    expect(isNewer(at(1, 'a'), undefined)).toBe(true);
    expect(isNewer(at(1, 'a'), at(1, 'a'))).toBe(false);
  });

  test('the generation decides before the position', () => {
    expect(isNewer(at(2, 'a'), at(1, 'z'))).toBe(true);
    expect(isNewer(at(1, 'z'), at(2, 'a'))).toBe(false);
    expect(isNewer(at(1, 'b'), at(1, 'a'))).toBe(true);
  });
});

describe('a generation', () => {
  test('grows also when the clock of the store went back', () => {
    expect(nextGeneration(1_000, 5_000)).toBe(5_001);
    expect(nextGeneration(9_000, 5_000)).toBe(9_000);
    expect(nextGeneration(9_000, undefined)).toBe(9_000);
  });
});

describe('a deadline', () => {
  test('keeps a fifth of the duration back, counted from before the call', () => {
    expect(goodUntil(1_000, 30_000)).toBe(25_000);
  });
});

test('what cannot be read is a fault of its table alone, which a person has to mend', () => {
  const error = new DStreamError('ChangeUnreadable', 'orders.jsonl: line 7 is not JSON; mend it');
  expect([isTableFault(error), error.disposition]).toEqual([true, 'fatal']);
});

describe('the key of a table', () => {
  test('tables with separators in their names never share one', () => {
    const part = fc.string({
      unit: fc.constantFrom('a', '.', '/', '%', '2E', ' '),
      minLength: 1,
      maxLength: 5,
    });
    const table: fc.Arbitrary<TableId> = fc.record({
      source: part,
      database: part,
      schema: part,
      table: part,
    });
    fc.assert(
      fc.property(table, table, (a, b) => {
        expect(tableKey(a) === tableKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('shortening', () => {
  test('leaves alone what fits and is plain', () => {
    expect(shorten('srv/shop/dbo.Persons', 128, hash)).toBe('srv/shop/dbo.Persons');
  });

  test('keeps the start and ends in a hash where it does not fit', () => {
    expect(shorten('x'.repeat(200), 40, hash)).toBe(`${'x'.repeat(23)}~0000000000000200`);
  });

  test('replaces what is not ASCII, told apart by the hash', () => {
    expect(shorten('Åland', 128, hash)).toBe('_land~0000000000000005');
  });
});

describe('what was not accepted', () => {
  const messages = ['a1', 'b1', 'a2', 'b2', 'a3'];
  const keyOf = (message: string) => message.charAt(0);
  const busy = new DStreamError('Throttled', 'busy');

  test('is the suffix of the keys that failed, in order', () => {
    const error = new BatchError([{ key: 'a', from: 2, error: busy }]);
    expect(notAccepted(messages, keyOf, error)).toEqual(['a2', 'a3']);
  });

  test('is everything after an error that names nothing', () => {
    expect(notAccepted(messages, keyOf, busy)).toEqual(messages);
  });
});

describe('recent ids', () => {
  test('forget the oldest first, and a seen one is young again', () => {
    const ids = new RecentIds(2);
    for (const id of ['a', 'b', 'a', 'c']) ids.add(id);
    expect([ids.has('a'), ids.has('b'), ids.has('c')]).toEqual([true, false, true]);
  });
});
