import { describe, expect, test } from 'vitest';
import { formatTableName, parseTableName } from './table-names.ts';

describe('names of tables', () => {
  test.each([
    ['Persons', 'dbo.Persons'],
    ['sales.Orders', 'sales.Orders'],
    ['sales.*', 'sales.*'],
    ['[odd.schema].[my table]', '[odd.schema].[my table]'],
    ['[a]]b].*', '[a]]b].*'],
    ['[Orders]', 'dbo.Orders'],
    ['my table', 'dbo.[my table]'],
    ['Größe.Straße', 'Größe.Straße'],
    ['sales.[*]', 'sales.[*]'],
  ])('%s is %s', (text, formatted) => {
    const name = parseTableName(text);
    expect(name === undefined ? undefined : formatTableName(name)).toBe(formatted);
  });

  test.each(['', '*', '*.*', 'a.b.c', '.a', 'a.', '[a', 'a]', '[]', 'a.[]', '"a"', 'x'.repeat(129)])(
    '%j is none',
    (text) => expect(parseTableName(text)).toBeUndefined(),
  );
});
