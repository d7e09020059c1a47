/**
 * What fails between us and SQL Server, while changes are written all the time: reading recovers by itself, or stops just
 * the table that it concerns with a named error; it never asks in a tight loop, and what arrives is exactly what was written.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultySource } from '../support/faulty-source.ts';
import { injectedMessage } from '../stand-ins/faults/src/injected-message.ts';
import { until } from '../support/until.ts';

const tables = ['A', 'B', 'C'];

let source: FaultySource;
beforeEach(async () => (source = await FaultySource.create(tables)));
afterEach(() => source[Symbol.asyncDispose]());

const failing = (number: number) => ({ kind: 'fail' as const, message: injectedMessage({ number }) });
const reads = /fn_cdc_get_all_changes/;
const readsOfA = /fn_cdc_get_all_changes_dbo_A/;
const probes = /SET @changed/;

/** What is asked of the server in a second while `ms` pass and changes are written: statements and new connections. */
async function askedPerSecond(ms: number): Promise<number> {
  const seen = () => {
    const { statements, connections } = source.server.faults.counters();
    return statements + connections;
  };
  const before = seen();
  await source.written.during(sleep(ms));
  return ((seen() - before) * 1_000) / ms;
}

/** Three tables that are asked every 50 ms and moved each time take a probe and three pages: this is a quarter of it. */
const calm = 20;

const saidOf = (code: string) => source.said('error').filter(({ fields }) => fields['code'] === code);
const ends = () => source.said('info').filter(({ sentence }) => sentence === 'reading tables recovered');

describe('a connection', () => {
  test('killed again and again between two pages', async () => {
    await source.read({ maxRows: 5 });
    await source.written.many('A', 300);
    source.server.faults.onStatement(readsOfA, { kind: 'drop' }, 3);
    await source.written.during(
      until(
        () => ends().length > 0,
        () => 'it works again',
      ),
    );
    await source.caughtUp();
    expect(saidOf('Unreachable')).toMatchObject([
      { fields: { reason: expect.stringContaining('the connection to SQL Server at 127.0.0.1:') } },
    ]);
  });

  test('killed in the middle of a page', async () => {
    await source.read();
    source.server.faults.onStatement(readsOfA, { kind: 'stall', afterRows: 2_500, ms: undefined }, 1);
    const before = source.arrived('A').length;
    await source.written.many('A', 5_000);
    await until(
      () => source.arrived('A').length >= before + 2_000,
      () => 'a part of the page has been sent',
    );
    expect(source.server.dropConnections()).toBeGreaterThan(0);
    await source.written.during(sleep(200));
    await source.caughtUp();
    expect(saidOf('Unreachable')).toHaveLength(1);
  });

  test('all of them, by a server that starts anew', async () => {
    await source.read();
    await source.written.during(sleep(200));
    await source.server.restart(2_000);
    expect(await askedPerSecond(2_000)).toBeLessThan(calm);
    await source.caughtUp();
    expect(saidOf('Unreachable')).toHaveLength(1);
    await until(
      () => ends().length === 1,
      () => 'the end is said',
    );
    expect(ends()).toMatchObject([{ fields: { tables: tables.length } }]);
  });
});

describe('a login', () => {
  test('that is refused for a while', async () => {
    await source.read();
    source.server.faults.refuseLogins(2_000);
    source.server.dropConnections();
    expect(await askedPerSecond(2_000)).toBeLessThan(calm);
    await source.caughtUp();
    expect(saidOf('LoginFailed')).toMatchObject([
      { fields: { reason: expect.stringContaining('error 18456') } },
    ]);
  });

  test('that is not answered for a while', async () => {
    await source.read();
    source.server.faults.cutLogins(2_000);
    source.server.dropConnections();
    expect(await askedPerSecond(2_000)).toBeLessThan(calm);
    await source.caughtUp();
  });
});

describe('an error', () => {
  test.each([
    ['a probe', probes],
    ['a page', reads],
    ['the catalogue', /captured_columns/],
  ])('of %s that is the victim of a deadlock', async (_, statement) => {
    await source.read();
    source.server.faults.onStatement(statement, failing(1205), 4);
    source.server.dropConnections(); // the catalogue is asked only by who begins
    await source.written.during(sleep(1_000));
    await source.caughtUp();
    expect(source.reports.map(({ fault }) => fault)).toEqual([null, null, null]);
  });

  test('1222 of one change table, for two seconds: the others go on', async () => {
    await source.read();
    source.server.faults.onStatement(/dbo_B_CT/, failing(1222), Infinity);
    const before = source.written.of('A').length;
    expect(await askedPerSecond(2_000)).toBeLessThan(4 * calm);
    await until(
      () => source.arrived('A').length > before && source.arrived('C').length > before,
      () => 'others have moved on',
    );
    source.server.clear();
    await source.caughtUp();
    expect(saidOf('Transient')).toMatchObject([{ fields: { example: 'dbo.B', tables: 1 } }]);
  });

  test('229 of one change table is a fault of that table, until it is granted again', async () => {
    await source.read();
    source.server.faults.onStatement(/dbo_B(_CT|\])|fn_cdc_get_all_changes_dbo_B/, failing(229), Infinity);
    await source.written.step();
    await until(
      () => source.fault('B')?.code === 'PermissionDenied',
      () => `B has a fault: ${JSON.stringify(source.fault('B'))}`,
    );
    const before = source.arrived('A').length;
    // 20 passes of a probe and two pages each, and what the third table asks: a loop without waits asks thousands.
    expect(await askedPerSecond(1_000)).toBeLessThan(10 * calm);
    await source.written.during(
      until(
        () => source.arrived('A').length > before,
        () => 'A goes on',
      ),
    );
    expect(source.fault('B')?.message).toContain('GRANT');
    source.server.clear();
    await source.caughtUp();
    await until(
      () => source.fault('B') === null,
      () => 'the fault is over',
    );
  });
});

describe('silence', () => {
  test('in the middle of a page is noticed after what may lie between two rows', async () => {
    await source.read({ silence: { firstRowMs: 20_000, stallMs: 500 } });
    source.server.faults.onStatement(readsOfA, { kind: 'stall', afterRows: 700, ms: undefined }, 1);
    const before = performance.now();
    await source.written.many('A', 2_000);
    await until(
      () => saidOf('Stalled').length > 0,
      () => 'silence is noticed',
      5_000,
    );
    expect(performance.now() - before).toBeGreaterThan(500);
    await source.written.during(sleep(200));
    await source.caughtUp();
  });

  test('of one page does not keep the other tables', async () => {
    await source.read();
    source.server.faults.onStatement(/fn_cdc_get_all_changes_dbo_B/, { kind: 'delay', ms: 3_000 }, 1);
    await source.written.during(sleep(1_000));
    expect(source.arrived('A')).toEqual(source.written.of('A').slice(0, source.arrived('A').length));
    expect(source.arrived('A').length).toBeGreaterThan(source.arrived('B').length);
    await source.caughtUp();
  });
});

describe('a database', () => {
  test('that is offline for a while', async () => {
    await source.read();
    await source.written.during(sleep(200));
    source.server.setOffline(true, source.database.name);
    const { connections } = source.server.faults.counters();
    await sleep(2_000);
    expect((source.server.faults.counters().connections - connections) / 2).toBeLessThan(calm);
    source.server.setOffline(false, source.database.name);
    await source.written.step();
    await source.caughtUp();
  });

  test('whose capture has stopped: nothing fails, and the lag is said to be of capture', async () => {
    await source.read();
    await source.written.during(sleep(300));
    await source.caughtUp();
    source.server.capture.pause();
    await source.written.during(sleep(1_500));
    const series = await source.series();
    const of = (name: string, table: string) =>
      [...series].find(([key]) => key.startsWith(`${name}{`) && key.includes(table))?.[1] ?? Number.NaN;
    expect(of('dstream_table_lag_seconds', 'A')).toBe(0);
    expect(of('dstream_table_capture_lag_seconds', 'A')).toBeGreaterThan(1);
    expect(source.said('error')).toEqual([]);
    source.server.capture.resume();
    await source.caughtUp();
  });
});
