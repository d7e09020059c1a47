import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { seriesOf } from '../support/series-of.ts';
import { until } from '../support/until.ts';

let stack: AsyncDisposableStack;
let pipeline: Pipeline;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  pipeline = stack.use(await Pipeline.start());
});
afterEach(() => stack.disposeAsync());

/** An ingester and what its `/metrics` says of a table, or of itself. */
async function start(tables: readonly string[]) {
  const running = pipeline.run('ingester', await pipeline.config({ tables }));
  const address = addressOf(running);
  const all = async () => seriesOf(await (await fetch(`${await address}/metrics`)).text());
  const of = async (table: string, name: string) => (await all()).get(`${name}{table="dbo.${table}"}`);
  const reaches = (table: string, name: string, is: (value: number) => boolean) =>
    until(
      async () => {
        const value = await of(table, name);
        return value !== undefined && is(value) ? { value } : undefined;
      },
      () => `${name} of ${table}`,
    ).then(({ value }) => value);
  return { running, all, of, reaches };
}

async function addressOf(running: DStreamProcess): Promise<string> {
  return (JSON.parse(await running.logged('"listening"')) as { http: string }).http;
}

describe('the metrics of an ingester', () => {
  test('count the rows that were written and the changes that were sent; the lag is gone when all was sent', async () => {
    await createCapturedTable(pipeline.database, 'Good');
    await insertRows(pipeline.database, 'Good', { from: 1, to: 300 });
    const ingester = await start(['Good']);
    await ingester.reaches('Good', 'dstream_changes_sent_total', (sent) => sent === 300);
    await ingester.reaches('Good', 'dstream_table_lag_seconds', (lag) => lag === 0);
    expect(await ingester.of('Good', 'dstream_rows_read_total')).toBe(300);
    expect(await ingester.of('Good', 'dstream_read_bytes_total')).toBeGreaterThan(300 * 20);
    expect(await ingester.of('Good', 'dstream_sent_bytes_total')).toBeGreaterThan(300 * 200);
    const seen = await ingester.all();
    const batches = seen.get('dstream_ingest_latency_seconds_count{table="dbo.Good"}') ?? 0;
    expect(batches).toBeGreaterThan(0);
    expect(seen.get('dstream_send_duration_seconds_count')).toBe(batches);
    expect(seen.get('dstream_page_duration_seconds_count')).toBeGreaterThan(0);
    expect(seen.get('dstream_probe_duration_seconds_count')).toBeGreaterThan(0);
    expect(seen.get('dstream_capture_lag_seconds_count')).toBeGreaterThan(0);
    expect(seen.get('dstream_build_info{version="0.1.0"}')).toBe(1);
    expect(seen.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    await insertRows(pipeline.database, 'Good', { from: 301, to: 310 });
    await ingester.reaches('Good', 'dstream_rows_read_total', (rows) => rows === 310);
  });

  test('show capture that stands still as lag of capture, not as ours', async ({ skip }) => {
    const { sql } = pipeline.faults(skip);
    await createCapturedTable(pipeline.database, 'Good');
    await insertRows(pipeline.database, 'Good', { from: 1, to: 10 });
    const ingester = await start(['Good']);
    await ingester.reaches('Good', 'dstream_changes_sent_total', (sent) => sent === 10);
    sql.capture.pause();
    await insertRows(pipeline.database, 'Good', { from: 11, to: 20 });
    const first = await ingester.reaches('Good', 'dstream_table_capture_lag_seconds', (lag) => lag > 1);
    await ingester.reaches('Good', 'dstream_table_capture_lag_seconds', (lag) => lag > first + 1);
    expect(await ingester.of('Good', 'dstream_table_lag_seconds')).toBe(0);
    expect(await ingester.of('Good', 'dstream_rows_read_total')).toBe(10);
    sql.capture.resume();
    await ingester.reaches('Good', 'dstream_changes_sent_total', (sent) => sent === 20);
    await insertRows(pipeline.database, 'Good', { from: 21, to: 21 });
    await ingester.reaches('Good', 'dstream_table_capture_lag_seconds', (lag) => lag < first);
  });

  test('show a topic that takes nothing as our lag, which grows', async ({ skip }) => {
    const { serviceBus } = pipeline.faults(skip);
    await createCapturedTable(pipeline.database, 'Good');
    await insertRows(pipeline.database, 'Good', { from: 1, to: 10 });
    const ingester = await start(['Good']);
    await ingester.reaches('Good', 'dstream_changes_sent_total', (sent) => sent === 10);
    serviceBus.serverBusy(1_000_000);
    await insertRows(pipeline.database, 'Good', { from: 11, to: 20 });
    const lag = await ingester.reaches('Good', 'dstream_table_lag_seconds', (seconds) => seconds > 1);
    await ingester.reaches('Good', 'dstream_table_lag_seconds', (seconds) => seconds > lag + 1);
    expect(await ingester.of('Good', 'dstream_changes_sent_total')).toBe(10);
  });

  test('show the headroom before cleanup takes what was not read, and how it falls when cleanup runs', async ({
    skip,
  }) => {
    const { sql } = pipeline.faults(skip);
    await createCapturedTable(pipeline.database, 'Good');
    await insertRows(pipeline.database, 'Good', { from: 1, to: 10 });
    const ingester = await start(['Good']);
    await ingester.reaches('Good', 'dstream_changes_sent_total', (sent) => sent === 10);
    await until(
      async () => {
        await insertRows(pipeline.database, 'Good', { from: 1, to: 1 });
        return ((await ingester.of('Good', 'dstream_table_retention_headroom_seconds')) ?? 0) > 2;
      },
      () => 'history of two seconds',
    );
    sql.capture.cleanUp();
    await ingester.reaches('Good', 'dstream_table_retention_headroom_seconds', (seconds) => seconds < 1);
    const position = await ingester.of('Good', 'dstream_table_position_timestamp_seconds');
    expect(Math.abs((position ?? 0) - Date.now() / 1_000)).toBeLessThan(20);
  });

  test('move with a table to its next owner, with a larger epoch', async () => {
    for (const name of ['A', 'B']) await createCapturedTable(pipeline.database, name);
    const first = await start(['A', 'B']);
    for (const name of ['A', 'B']) await first.reaches(name, 'dstream_table_epoch', (epoch) => epoch === 1);
    const second = await start(['A', 'B']);
    const taken = await until(
      async () => {
        const seen = await second.all();
        return ['A', 'B'].find((name) => seen.get(`dstream_table_epoch{table="dbo.${name}"}`) === 2);
      },
      () => 'the second replica owns a table',
    );
    const left = [...(await first.all()).keys()].filter((series) => series.includes(`dbo.${taken}"`));
    expect(left).toEqual([]);
    expect((await first.all()).get('dstream_leases_released_total')).toBe(1);
    expect((await second.all()).get('dstream_tables_owned')).toBe(1);
    const remaining = (await second.of(taken, 'dstream_table_lease_remaining_seconds')) ?? 0;
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(15);
  });

  test('a table with a fault is shown with its code, and counted', async () => {
    await createCapturedTable(pipeline.database, 'Good');
    const ingester = await start(['Good', 'Missing']);
    await until(
      async () =>
        (await ingester.all()).get('dstream_table_fault{table="dbo.Missing",code="TableNotFound"}') === 1,
      () => 'the fault',
    );
    expect((await ingester.all()).get('dstream_table_failures_total{code="TableNotFound"}')).toBeGreaterThan(
      0,
    );
  });
});
