import { DStreamError, type PartitionId } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { Metrics } from '@dstream/runtime';
import { describe, expect, test } from 'vitest';
import { anEncodedChange } from '../../../test/support/a-change.ts';
import { leaseDurationMs, scrape, setup, partitionOfTable } from '../../../test/support/ingester-rig.ts';
import { IngesterMetrics } from './ingester-metrics.ts';

function rig() {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const ingester = new IngesterMetrics(metrics, clock);
  const owns = (partition: PartitionId) =>
    ingester.owns(partition, () => ({
      lease: { partition, epoch: 3, goodUntilMs: 24_000, acquiredAtMs: 0 },
      checkpointBehindSinceMs: 500,
    }));
  const of = async (name: string) => {
    const all = await scrape(metrics);
    return [...all].filter(([series]) => series.startsWith(`${name}{`) || series === name);
  };
  return { clock, metrics, ingester, owns, of };
}

function committed(atMs: number) {
  return anEncodedChange(1, { committedAt: new Date(atMs).toISOString() });
}

const times = { captureLagMs: 7_000, historyFromMs: 1_000, positionAtMs: 61_000, caughtUp: false };

describe('the metrics of a table', () => {
  test('a fault is shown while it lasts, under its newest code only', async () => {
    const { owns, of } = rig();
    const meter = owns(partitionOfTable('T'));
    meter.fault = new DStreamError('TableNotFound', 'no such table');
    meter.fault = new DStreamError('HistoryLost', 'changes are gone');
    expect(await of('dstream_table_fault')).toEqual([
      ['dstream_table_fault{table="dbo.T",code="HistoryLost"}', 1],
    ]);
    meter.fault = undefined;
    expect(await of('dstream_table_fault')).toEqual([]);
  });

  test('our lag grows while a change waits for the topic, is that of the last change after, and 0 once nothing is left', async () => {
    const { clock, owns, of } = rig();
    const meter = owns(partitionOfTable('T'));
    expect(await of('dstream_table_lag_seconds')).toEqual([]);
    const waiting = committed(clock.wallMs() - 2_000);
    meter.sending(waiting);
    await clock.advance(60_000);
    expect(await of('dstream_table_lag_seconds')).toEqual([['dstream_table_lag_seconds{table="dbo.T"}', 62]]);
    meter.sent([waiting, committed(clock.wallMs() - 5_000)], []);
    await clock.advance(60_000);
    expect(await of('dstream_table_lag_seconds')).toEqual([['dstream_table_lag_seconds{table="dbo.T"}', 5]]);
    meter.progressed({ ...times, caughtUp: true });
    expect(await of('dstream_table_lag_seconds')).toEqual([['dstream_table_lag_seconds{table="dbo.T"}', 0]]);
  });

  test('what the source reports of a table has its name, and headroom is position minus history', async () => {
    const { ingester, owns, metrics } = rig();
    owns(partitionOfTable('T'));
    ingester.source.progressed(partitionOfTable('T'), times);
    ingester.source.read(partitionOfTable('T'), { tookMs: 30, rows: 10, bytes: 900 });
    ingester.source.read(partitionOfTable('T'), { tookMs: 30, rows: 5, bytes: 100 });
    ingester.source.waits(partitionOfTable('T'), 4_000);
    expect(Object.fromEntries(await scrape(metrics))).toMatchObject({
      'dstream_rows_read_total{table="dbo.T"}': 15,
      'dstream_read_bytes_total{table="dbo.T"}': 1_000,
      'dstream_table_capture_lag_seconds{table="dbo.T"}': 7,
      'dstream_table_position_timestamp_seconds{table="dbo.T"}': 61,
      'dstream_table_retention_headroom_seconds{table="dbo.T"}': 60,
      'dstream_table_poll_interval_seconds{table="dbo.T"}': 4,
      dstream_page_duration_seconds_count: 2,
    });
  });

  test('what is not known has no series, and what was known of the position stays', async () => {
    const { ingester, owns, metrics } = rig();
    owns(partitionOfTable('T'));
    const unknown = {
      captureLagMs: undefined,
      historyFromMs: undefined,
      positionAtMs: undefined,
      caughtUp: false,
    };
    ingester.source.progressed(partitionOfTable('T'), unknown);
    const names = async () =>
      [...(await scrape(metrics)).keys()].filter((name) => name.includes('{table="dbo.T"}'));
    expect((await names()).filter((name) => /capture_lag|position|headroom/.test(name))).toEqual([]);
    ingester.source.progressed(partitionOfTable('T'), times);
    ingester.source.progressed(partitionOfTable('T'), unknown);
    expect((await names()).filter((name) => /capture_lag|position|headroom/.test(name))).toEqual([
      'dstream_table_position_timestamp_seconds{table="dbo.T"}',
      'dstream_table_retention_headroom_seconds{table="dbo.T"}',
    ]);
  });

  test('all series of a table end when it is given away, also when its source speaks up later', async () => {
    const { ingester, owns, metrics } = rig();
    const [meter] = [owns(partitionOfTable('T')), owns(partitionOfTable('U'))];
    const fill = () => {
      ingester.source.progressed(partitionOfTable('T'), times);
      ingester.source.read(partitionOfTable('T'), { tookMs: 1, rows: 1, bytes: 1 });
      ingester.source.waits(partitionOfTable('T'), 1);
    };
    fill();
    meter.fault = new DStreamError('HistoryLost', 'changes are gone');
    ingester.sent(meter, { changes: [committed(0)], messages: [], tookMs: 1 });
    const series = async () => [...(await scrape(metrics)).keys()].filter((name) => name.includes('dbo.T"'));
    expect((await series()).length).toBeGreaterThan(20);
    ingester.left(meter);
    fill();
    expect(await series()).toEqual([]);
    expect([...(await scrape(metrics)).keys()].filter((name) => name.includes('dbo.U"'))).not.toEqual([]);
  });

  test('a former owner that ends late does not take the series of the next one', async () => {
    const { ingester, owns, of } = rig();
    const former = owns(partitionOfTable('T'));
    owns(partitionOfTable('T'));
    ingester.left(former);
    expect(await of('dstream_table_epoch')).toHaveLength(1);
  });

  test('a thousand tables are written in less than 50 milliseconds of CPU', async () => {
    const { clock, ingester, owns, metrics } = rig();
    for (let i = 0; i < 1_000; i += 1) {
      const meter = owns(partitionOfTable(`Table${i}`));
      meter.progressed(times);
      meter.pollIntervalMs = i;
      for (const seconds of [0.1, 1, 7, 100]) {
        const changes = [committed(clock.wallMs() - seconds * 1_000)];
        ingester.sent(meter, { changes, messages: [], tookMs: i });
      }
    }
    const cpuMs: number[] = [];
    let bytes = 0;
    for (let i = 0; i < 10; i += 1) {
      const before = process.threadCpuUsage();
      bytes = (await metrics.text()).length;
      const { user, system } = process.threadCpuUsage(before);
      cpuMs.push((user + system) / 1_000);
    }
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(Math.min(...cpuMs)).toBeLessThan(50);
  });
});

describe('an ingester measures', () => {
  test('what it sends, its lag and its leases', async () => {
    const world = setup(['A', 'B']);
    const replica = world.start('r1');
    world.source.write('A', 5);
    await world.clock.advance(4_000);
    const seen = await replica.scrape();
    expect(Object.fromEntries(seen)).toMatchObject({
      'dstream_changes_sent_total{table="dbo.A"}': 5,
      'dstream_changes_sent_total{table="dbo.B"}': 0,
      'dstream_messages_sent_total{table="dbo.A"}': 3,
      'dstream_ingest_latency_seconds_count{table="dbo.A"}': 3,
      'dstream_table_epoch{table="dbo.A"}': 1,
      'dstream_table_failures_in_row{table="dbo.A"}': 0,
      dstream_tables_owned: 2,
      dstream_tables_configured: 2,
      dstream_ingesters_live: 1,
      dstream_leases_acquired_total: 2,
      dstream_leases_lost_total: 0,
    });
    expect(seen.get('dstream_sent_bytes_total{table="dbo.A"}')).toBeGreaterThan(500);
    expect(seen.get('dstream_balancing_passes_total')).toBeGreaterThan(0);
    const remaining = seen.get('dstream_table_lease_remaining_seconds{table="dbo.A"}') ?? 0;
    expect(remaining).toBeGreaterThan(10);
    expect(remaining).toBeLessThanOrEqual(leaseDurationMs / 1_000);
    await replica.stop();
    expect(Object.fromEntries(await replica.scrape())).toMatchObject({
      dstream_tables_owned: 0,
      dstream_leases_released_total: 2,
      dstream_leases_lost_total: 0,
    });
    expect([...(await replica.scrape()).keys()].filter((series) => series.includes('table='))).toEqual([]);
  });

  test('how old the change is that the topic does not take', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(4_000);
    const lag = async () => (await replica.scrape()).get('dstream_table_lag_seconds{table="dbo.A"}') ?? 0;
    world.topic.failSends(() => new DStreamError('Unreachable', 'nobody answers'));
    world.source.write('A', 3);
    await world.clock.advance(5_000);
    const before = await lag();
    await world.clock.advance(60_000);
    expect(await lag()).toBe(before + 60);
    expect(replica.owned()).toMatchObject([{ lagMs: (before + 60) * 1_000 }]);
    world.topic.failSends(() => undefined);
    await world.clock.advance(60_000);
    expect((await replica.scrape()).get('dstream_changes_sent_total{table="dbo.A"}')).toBe(3);
    await replica.stop();
  });

  test('a lag of 0 in the report, too, once the source reports that nothing is left', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(5_000);
    world.source.write('A', 1);
    await world.clock.advance(5_000);
    expect(replica.owned()[0]?.lagMs).toBeGreaterThan(0);
    replica.observer.progressed(partitionOfTable('A'), { ...times, caughtUp: true });
    expect(replica.owned()).toMatchObject([{ lagMs: 0 }]);
    await replica.stop();
  });

  test('failures in a row and by code, until one attempt succeeds', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    world.source.faults.set('A', new DStreamError('Unreachable', 'the database is away'));
    await world.clock.advance(5_000);
    const seen = await replica.scrape();
    const inRow = seen.get('dstream_table_failures_in_row{table="dbo.A"}') ?? 0;
    expect(inRow).toBeGreaterThan(1);
    expect(seen.get('dstream_table_failures_total{code="Unreachable"}')).toBe(inRow);
    world.source.faults.clear();
    world.source.write('A', 1);
    await world.clock.advance(40_000);
    expect((await replica.scrape()).get('dstream_table_failures_in_row{table="dbo.A"}')).toBe(0);
    await replica.stop();
  });

  test('for how long the stored checkpoint lags what was accepted', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(4_000);
    const age = async () =>
      (await replica.scrape()).get('dstream_table_checkpoint_age_seconds{table="dbo.A"}');
    expect(await age()).toBe(0);
    const { store } = replica;
    const save = store.save.bind(store);
    store.save = () => Promise.reject(new DStreamError('Throttled', 'the store is busy'));
    world.source.write('A', 2);
    await world.clock.advance(20_000);
    expect(await age()).toBeGreaterThan(15);
    store.save = save;
    await world.clock.advance(40_000);
    expect(await age()).toBe(0);
    await replica.stop();
  });

  test('a lease that was lost, and a look at the leases that failed', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(4_000);
    const { store } = replica;
    store.renew = () => Promise.reject(new DStreamError('LeaseLost', 'another replica has it'));
    store.list = () => Promise.reject(new DStreamError('Throttled', 'the store is busy'));
    await world.clock.advance(12_000);
    const seen = await replica.scrape();
    expect(seen.get('dstream_leases_lost_total')).toBe(1);
    expect(seen.get('dstream_balancing_failures_total')).toBeGreaterThan(0);
    expect(seen.get('dstream_tables_owned')).toBe(0);
    await replica.stop();
  });
});
