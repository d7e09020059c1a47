import { describe, expect, test } from 'vitest';
import { changeMatcher, type ChangeMatch } from './change-match.ts';
import type { ChangeEvent, ChangeMetadata } from './change-event.ts';

function change(metadata: Partial<ChangeMetadata>): ChangeEvent {
  const whole = { schema: 'dbo', table: 'Orders', operation: 'update', ...metadata } as ChangeMetadata;
  return { data: {}, metadata: whole };
}

const matches = (match: ChangeMatch, metadata: Partial<ChangeMetadata> = {}) =>
  changeMatcher(match)(change(metadata));

describe('which changes match', () => {
  test.each([
    ['Orders', 'dbo', 'Orders', true],
    ['orders', 'dbo', 'Orders', true],
    ['Orders', 'sales', 'Orders', false],
    ['dbo.Order*', 'dbo', 'OrderLines', true],
    ['dbo.Order*', 'dbo', 'Reorder', false],
    ['sales.*', 'sales', 'anything.at all', true],
    ['sales.*', 'sales2', 'Orders', false],
    ['*.Orders', 'sales', 'Orders', true],
    ['*', 'sales', 'Orders', true],
    ['dbo.a+b', 'dbo', 'a+b', true],
    ['dbo.a+b', 'dbo', 'aab', false],
    ['dbo.a*b', 'dbo', 'a\nb', true],
  ])('the pattern %s and the table %s.%s: %s', (pattern, schema, table, expected) => {
    expect(matches({ tables: [pattern] }, { schema, table })).toBe(expected);
  });

  test('without conditions everything matches', () => {
    expect(matches({})).toBe(true);
  });

  test('all conditions must hold', () => {
    const match: ChangeMatch = { tables: ['Orders'], operations: ['insert'], changed: ['Amount'] };
    expect(matches(match, { operation: 'insert' })).toBe(true);
    expect(matches(match, { operation: 'insert', table: 'Others' })).toBe(false);
    expect(matches(match, { operation: 'update', changed: ['Amount'] })).toBe(false);
  });

  test('changed columns are those of updates', () => {
    const match: ChangeMatch = { changed: ['amount', 'Price'] };
    expect(matches(match, { changed: ['Amount'] })).toBe(true);
    expect(matches(match, { changed: ['Name'] })).toBe(false);
    expect(matches(match, { operation: 'delete' })).toBe(true);
  });

  test('a marker of a gap matches by its table alone', () => {
    const match: ChangeMatch = { tables: ['Orders'], operations: ['insert'] };
    expect(matches(match, { operation: 'gap' })).toBe(true);
    expect(matches(match, { operation: 'gap', table: 'Others' })).toBe(false);
  });

  test('one matcher answers for tables in turn', () => {
    const matcher = changeMatcher({ tables: ['Orders'] });
    const answers = ['Orders', 'Orders', 'Others', 'Orders'].map((table) => matcher(change({ table })));
    expect(answers).toEqual([true, true, false, true]);
  });
});
