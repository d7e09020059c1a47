import { describe, expect, test } from 'vitest';
import { emptyPatterns, expandTables, intervalsOf } from './table-settings.ts';

const setting = (schema: string, table: string, pollIntervalMs = 5_000) => ({
  schema,
  table,
  pollIntervalMs,
  maxPollIntervalMs: 60_000,
});
const catalogue = [
  { schema: 'dbo', table: 'Persons', captured: true },
  { schema: 'Sales', table: 'Orders', captured: true },
  { schema: 'Sales', table: 'Notes', captured: false },
];

describe('the configured tables', () => {
  test('come in the spelling of the catalogue, each once, missing ones as configured', () => {
    const settings = [
      setting('DBO', 'persons'),
      setting('sales', '*'),
      setting('Sales', 'Orders'),
      setting('dbo', 'Gone'),
    ];
    expect(expandTables(settings, catalogue)).toEqual([
      { schema: 'dbo', table: 'Persons' },
      { schema: 'Sales', table: 'Orders' },
      { schema: 'dbo', table: 'Gone' },
    ]);
  });

  test('a name that is spelled exactly so comes before one that differs in case', () => {
    const twins = [
      { schema: 'dbo', table: 'persons', captured: true },
      { schema: 'dbo', table: 'Persons', captured: true },
    ];
    expect(expandTables([setting('dbo', 'Persons')], twins)).toEqual([{ schema: 'dbo', table: 'Persons' }]);
  });

  test('a table is asked as its own entry says, else as its pattern does', () => {
    const settings = [setting('sales', '*', 1_000), setting('sales', 'orders', 2_000)];
    expect(intervalsOf(settings, { schema: 'Sales', table: 'Orders' })?.intervalMs).toBe(2_000);
    expect(intervalsOf(settings, { schema: 'Sales', table: 'Notes' })?.intervalMs).toBe(1_000);
    expect(intervalsOf(settings, { schema: 'dbo', table: 'Persons' })).toBeUndefined();
  });

  test.each([
    ['before', [setting('Sales', 'orders', 2_000), setting('sales', '*', 1_000)]],
    ['after', [setting('sales', '*', 1_000), setting('Sales', 'orders', 2_000)]],
    [
      'between two spellings of',
      [setting('sales', '*'), setting('Sales', 'orders', 2_000), setting('Sales', '*')],
    ],
  ])('an entry %s the pattern of its schema wins, and its table comes once', (_, settings) => {
    const orders = { schema: 'Sales', table: 'Orders' };
    expect(expandTables(settings, catalogue)).toEqual([orders]);
    expect(intervalsOf(settings, orders)?.intervalMs).toBe(2_000);
  });

  test('an entry names a table that its pattern leaves out because it is not captured', () => {
    const settings = [setting('Sales', '*'), setting('Sales', 'Notes')];
    expect(expandTables(settings, catalogue)).toEqual([
      { schema: 'Sales', table: 'Orders' },
      { schema: 'Sales', table: 'Notes' },
    ]);
  });

  test('a pattern that covers no captured table is named', () => {
    const settings = [setting('sales', '*'), setting('nosuch', '*'), setting('dbo', 'Gone')];
    expect(emptyPatterns(settings, catalogue)).toEqual(['nosuch']);
    expect(
      emptyPatterns([setting('Sales', '*')], [{ schema: 'Sales', table: 'Notes', captured: false }]),
    ).toEqual(['Sales']);
  });
});
