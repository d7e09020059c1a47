import { describe, expect, test } from 'vitest';
import { lsn } from '../../../../../test/support/fake-cdc-client.ts';
import { lsnBytes, type Lsn } from '../position/log-position.ts';
import { LowWaterMarkCache, ProbeStatements, type MarksRead } from './probe.ts';

const low = '0000002A000001F80003' as Lsn;

describe('the probe', () => {
  const probe = (...completeUpTo: (Lsn | undefined)[]) =>
    new ProbeStatements().of(completeUpTo.map((lsn, i) => ({ captureInstance: `t${i}`, completeUpTo: lsn })));

  test('has one text for one set of tables, whichever are due', () => {
    expect(probe(low, undefined).text).toBe(probe(undefined, low).text);
    const at = probe(low, undefined).parameters[0]?.value as Buffer;
    expect(at.toString('hex')).toBe(`${low.toLowerCase()}${'f'.repeat(20)}`);
  });

  test('follows the set of tables', () => {
    const statements = new ProbeStatements();
    const of = (...names: string[]) =>
      statements.of(names.map((captureInstance) => ({ captureInstance, completeUpTo: low }))).text;
    expect(of('a')).toContain('[cdc].[a_CT]');
    expect(of('b')).not.toContain('[cdc].[a_CT]');
    expect(of('b')).toContain('[cdc].[b_CT]');
  });

  test('of a thousand tables has one parameter for all, each table its part of it', () => {
    const { text, parameters } = probe(...Array.from({ length: 1_000 }, () => low));
    expect(parameters.map(({ name }) => name)).toEqual(['at', 'seen']);
    expect(text).toContain(
      "[cdc].[t999_CT] WITH (NOLOCK) WHERE [__$start_lsn] > CONVERT(binary(10), SUBSTRING(@at, 9991, 10))) SET @changed += '999,'",
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

/** What a probe says: each time anew, as the driver makes it. */
const said = (change: Partial<MarksRead> = {}): MarksRead => ({
  instances: [
    ['b', lsnBytes(lsn(2))],
    ['a', lsnBytes(lsn(1))],
    ['new', null],
  ],
  lowTimes: [
    [lsnBytes(lsn(1)), new Date(1_000)],
    [lsnBytes(lsn(2)), null],
  ],
  minutes: 0,
  ...change,
});

describe('low-water marks', () => {
  test('are those of the instances that have begun, with the times that are known', () => {
    expect(new LowWaterMarkCache().of(said())).toEqual({
      low: new Map([
        ['b', { lsn: lsn(2), atMs: undefined }],
        ['a', { lsn: lsn(1), atMs: 1_000 }],
      ]),
      instances: 'a\nb',
    });
  });

  test('are the very same while the server says the same', () => {
    const marks = new LowWaterMarkCache();
    const first = marks.of(said());
    expect(marks.of(said())).toBe(first);
    expect(marks.of(said({ minutes: 1 }))).toBe(first); // two clocks read one after the other
  });

  const [b, a] = said().instances;
  test.each([
    ['cleanup moved one', { instances: [b ?? [], ['a', lsnBytes(lsn(2))], ['new', null]] }],
    ['an instance came to its first LSN', { instances: [b ?? [], a ?? [], ['new', lsnBytes(lsn(3))]] }],
    ['an instance is gone', { instances: [b ?? []] }],
    ['an instance has another name', { instances: [b ?? [], ['c', lsnBytes(lsn(1))], ['new', null]] }],
    ['a time is known now', { lowTimes: [...said().lowTimes.slice(0, 1), [lsnBytes(lsn(2)), new Date(5)]] }],
    ['the server has another distance from UTC', { minutes: -60 }],
  ])('are made anew when %s', (_, change) => {
    const marks = new LowWaterMarkCache();
    marks.of(said());
    expect(marks.of(said(change))).toEqual(new LowWaterMarkCache().of(said(change)));
    expect(marks.of(said())).toEqual(new LowWaterMarkCache().of(said()));
  });
});
