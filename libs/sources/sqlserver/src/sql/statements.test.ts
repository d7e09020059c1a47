import { describe, expect, test } from 'vitest';
import { highestLsn, zeroLsn, type Lsn } from '../position/log-position.ts';
import type { CaptureInstance } from './capture-instance.ts';
import { instancesStatement } from './catalogue-statements.ts';
import { PageStatements } from './page-statement.ts';
import { ProbeStatements } from './probe-statement.ts';
import type { Statement } from './statement.ts';

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
  const behind = {
    kind: 'inside',
    lsn: low,
    commandId: 7,
    seqval: zeroLsn,
    operation: 4,
    ordinal: 9,
  } as const;
  const inFunctions = { ...behind, mode: 'functions', commandId: 0 } as const;
  const { text, parameters } = statements.page({ behind: inFunctions, to: highestLsn, rows: 10 });
  const direct = statements.page({ behind: { ...behind, mode: 'direct' }, to: highestLsn });
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
    expect(statements.page({ behind: scanned, to: low, rows: 7 }).text).toBe(text);
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

describe('the probe', () => {
  const probe = (...scanned: (Lsn | undefined)[]) =>
    new ProbeStatements().of(scanned.map((lsn, i) => ({ captureInstance: `t${i}`, scanned: lsn })));

  test('has one text for one set of tables, whichever are due', () => {
    expect(probe(low, undefined).text).toBe(probe(undefined, low).text);
    const at = probe(low, undefined).parameters[0]?.value as Buffer;
    expect(at.toString('hex')).toBe(`${low.toLowerCase()}${'f'.repeat(20)}`);
  });

  test('follows the set of tables', () => {
    const statements = new ProbeStatements();
    const of = (...names: string[]) =>
      statements.of(names.map((captureInstance) => ({ captureInstance, scanned: low }))).text;
    expect(of('a')).toContain('[cdc].[a_CT]');
    expect(of('b')).not.toContain('[cdc].[a_CT]');
    expect(of('b')).toContain('[cdc].[b_CT]');
  });

  test('of a thousand tables has one parameter for all, each table its part of it', () => {
    const { text, parameters } = probe(...Array.from({ length: 1_000 }, () => low));
    expect(parameters.map(({ name }) => name)).toEqual(['at', 'mark']);
    expect(text).toContain(
      "[cdc].[t999_CT] WITH (NOLOCK) WHERE [__$start_lsn] > CONVERT(binary(10), SUBSTRING(@at, 9991, 10))) SET @moved += '999,'",
    );
  });

  test('waits five seconds for a lock, and leaves the connection as it was', () => {
    const { text } = probe(low, low);
    expect(text.startsWith('SET LOCK_TIMEOUT 5000;\nDECLARE ')).toBe(true);
    expect(text.endsWith(';\nSET LOCK_TIMEOUT -1')).toBe(true);
  });

  test('asks when the max LSN was committed and where history begins, once for all instances with one low-water mark', () => {
    const { text } = probe(low);
    expect(text.match(/lsn_time_mapping/g)).toHaveLength(3);
    expect(text).toContain('SELECT DISTINCT c.[start_lsn]');
    expect(text.split(';\n').filter((statement) => statement.startsWith('SELECT'))).toHaveLength(4);
  });

  test('asks for the max LSN first and for the low-water marks last', () => {
    const { text } = probe(low);
    expect(text.indexOf('fn_cdc_get_max_lsn')).toBeLessThan(text.indexOf('EXISTS'));
    expect(text.indexOf('EXISTS')).toBeLessThan(text.indexOf('change_tables'));
  });
});

test('names of the catalogue are compared with those of the schema cdc in one collation', () => {
  const { text } = instancesStatement('dbo', 'Persons');
  expect(text).toContain('x.[name] COLLATE DATABASE_DEFAULT = k.[column_name]');
  expect(text).toContain('ISNULL(y.[name] COLLATE DATABASE_DEFAULT, k.[column_type])');
});
