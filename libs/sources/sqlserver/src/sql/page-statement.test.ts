import { describe, expect, test } from 'vitest';
import { highestLsn, zeroLsn, type Lsn } from '../position/log-position.ts';
import type { CaptureInstance } from './catalogue.ts';
import { PageStatements } from './page-statement.ts';
import type { Statement } from '../client/sql-client.ts';

const low = '0000002A000001F80003' as Lsn;

function instance(name: string, columns: Record<string, string>): CaptureInstance {
  const list = Object.entries(columns).map(([column, type], i) => ({
    name: column,
    type,
    ordinal: i + 1,
    computed: false,
  }));
  return { name, startLsn: low, columns: list, key: [], columnUpdates: 0 };
}

describe('the page statement', () => {
  const statements = new PageStatements(instance("a]b'c", { 'Odd ]"name': 'int', Balance: 'decimal' }));
  const inside = {
    kind: 'inside',
    lsn: low,
    commandId: 7,
    seqval: zeroLsn,
    operation: 4,
    ordinal: 9,
  } as const;
  const inFunctions = { ...inside, mode: 'functions', commandId: 0 } as const;
  const { text, parameters } = statements.page({ after: inFunctions, to: highestLsn, rows: 10 });
  const direct = statements.page({ after: { ...inside, mode: 'direct' }, to: highestLsn });
  const valuesOf = (statement: Statement) =>
    statement.parameters.map(({ name, value }) => [
      name,
      Buffer.isBuffer(value) ? value.toString('hex') : value,
    ]);

  test('quotes names and converts what the driver would damage', () => {
    expect(text).toContain('[Odd ]]"name], CONVERT(varchar(41), [Balance]) AS [Balance]');
    expect(text).toContain("[cdc].[fn_cdc_get_all_changes_a]]b'c](@from, @to, N'all update old')");
    expect(text).toContain("sys.fn_cdc_get_min_lsn(N'a]b''c')");
  });

  test('orders by the complete key that it continues by', () => {
    expect(text).toContain('ORDER BY [__$start_lsn], [__$seqval], [__$operation]');
    expect(text).toContain('[__$operation] > @operation');
  });

  test('binds every value, so that its text stays', () => {
    const scanned = { kind: 'between', mode: 'functions', lsn: low } as const;
    expect(statements.page({ after: scanned, to: low, rows: 7 }).text).toBe(text);
    expect(valuesOf({ text, parameters })).toEqual([
      ['n', 10],
      ['from', low.toLowerCase()],
      ['to', 'f'.repeat(20)],
      ['seqval', '0'.repeat(20)],
      ['operation', 4],
    ]);
  });

  test('waits for no lock of a change table, which capture takes whole for a large transaction', () => {
    const bound = statements.bound(low, highestLsn, 10);
    for (const statement of [{ text, parameters }, direct, bound])
      for (const [, after] of statement.text.matchAll(/FROM \[cdc\]\.\[a\]\]b'c_CT\]([^\n]*)/g))
        expect(after).toMatch(/^( AS c)? WITH \(NOLOCK\)/);
    expect(bound.text).toContain('_CT]');
  });

  test('in direct mode reads the change table by its index, without locks, and takes all rows', () => {
    expect(direct.text).toContain("FROM [cdc].[a]]b'c_CT] WITH (NOLOCK)");
    expect(direct.text).toContain('ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]');
    expect(valuesOf(direct)).toEqual([
      ['n', 2_147_483_647],
      ['from', low.toLowerCase()],
      ['to', 'f'.repeat(20)],
      ['seqval', '0'.repeat(20)],
      ['operation', 4],
      ['command', 7],
    ]);
  });
});
