import { createHash } from 'node:crypto';
import {
  silentLog,
  type ChangeBatch,
  type PageRead,
  type PartitionId,
  type ProbeMade,
  type SourceObserver,
  type PartitionTimes,
  type TableId,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import {
  FakeCdcClient,
  lsn,
  timeOf,
  type FakeInstance,
  type FakeRow,
} from '../../../../../test/support/fake-cdc-client.ts';
import { Prober } from './prober.ts';
import { TableReader } from './table-reader.ts';
import { PageTimer } from './page-reader.ts';

const table: TableId = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' };
const columns = [{ name: 'Id', type: 'int', ordinal: 1, computed: false }];

function row(at: number): FakeRow {
  return { lsn: lsn(at), seqval: lsn(at), operation: 2, mask: Buffer.from([1]), values: [at] };
}

class Notes implements SourceObserver {
  readonly probes: ProbeMade[] = [];
  readonly times: PartitionTimes[] = [];
  readonly pages: PageRead[] = [];
  readonly waitsMs: number[] = [];
  probed = (probe: ProbeMade) => void this.probes.push(probe);
  progressed = (_: PartitionId, times: PartitionTimes) => void this.times.push(times);
  read = (_: PartitionId, page: PageRead) => void this.pages.push(page);
  waits = (_: PartitionId, ms: number) => void this.waitsMs.push(ms);
}

function rig(rows: readonly FakeRow[], max: number) {
  const instance: FakeInstance = {
    name: 'dbo_Persons',
    startLsn: lsn(2),
    columns,
    key: ['Id'],
    columnUpdates: 0,
    rows: [...rows],
  };
  const client = new FakeCdcClient([instance], lsn(max));
  const clock = new ManualClock();
  const observer = new Notes();
  const context = {
    client,
    clock,
    observer,
    prober: new Prober(client, clock, observer),
    start: 'earliest' as const,
    mode: 'functions' as const,
    onGap: 'stop' as const,
    warned: new Set<string>(),
    log: silentLog,
    random: () => 0,
    hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    limits: { maxRows: 5_000, maxBytes: 1_000_000, batch: { changes: 500, bytes: 1_048_576 } },
  };
  const { signal } = new AbortController();
  const intervals = { intervalMs: 1_000, maxIntervalMs: 4_000 };
  const batches = new TableReader(context, table, intervals, { signal }).read(undefined);
  return { client, clock, observer, instance, batches };
}

async function upTo(batches: AsyncGenerator<ChangeBatch>, max: number): Promise<void> {
  for (;;) {
    const { value } = await batches.next();
    if ((value as ChangeBatch).end.position === `${lsn(max)}:~`) return;
  }
}

describe('what a table reader reports to its observer', () => {
  test('the lag of capture, where history begins and how far it has read', async () => {
    const { client, observer, batches } = rig([row(3), row(4)], 9);
    client.now = new Date(timeOf(lsn(9)).getTime() + 3_600_000 + 7_000);
    await upTo(batches, 1);
    expect(observer.times).toEqual([
      {
        captureLagMs: 7_000,
        historyFromMs: timeOf(lsn(2)).getTime(),
        positionAtMs: undefined,
        caughtUp: false,
      },
    ]);
    await upTo(batches, 4);
    expect(observer.times.at(-1)?.positionAtMs).toBe(timeOf(lsn(4)).getTime());
  });

  test('that it is at the newest transaction once nothing is left to read', async () => {
    const { client, clock, observer, batches } = rig([row(3)], 9);
    await upTo(batches, 9);
    const next = batches.next();
    client.max = lsn(12);
    await clock.advance(1_000);
    await next;
    expect(observer.times.at(-1)).toMatchObject({
      positionAtMs: timeOf(lsn(12)).getTime(),
      caughtUp: true,
    });
    const later = batches.next();
    await clock.advance(60_000);
    expect(observer.times.at(-1)).toMatchObject({ caughtUp: true });
    client.instances[0]?.rows.push(row(13));
    client.max = lsn(13);
    await clock.advance(5_000);
    await later;
    void batches.next();
    expect(observer.times.at(-1)).toMatchObject({ caughtUp: false });
  });

  test('that history begins later after a cleanup', async () => {
    const { client, clock, observer, batches, instance } = rig([row(3)], 9);
    await upTo(batches, 9);
    client.instances[0] = { ...instance, startLsn: lsn(9), rows: [] };
    const next = batches.next();
    client.max = lsn(10);
    await clock.advance(1_000);
    await next;
    expect(observer.times.at(-1)?.historyFromMs).toBe(timeOf(lsn(9)).getTime());
  });

  test('every probe once, every page with its rows, and how long it waits', async () => {
    const { client, clock, observer, batches } = rig([row(3), row(4)], 9);
    await upTo(batches, 9);
    const next = batches.next();
    for (let i = 0; i < 3; i += 1) await clock.advance(5_000);
    client.max = lsn(10);
    await clock.advance(5_000);
    await next;
    expect(observer.pages).toEqual([
      { tookMs: 0, rows: 2, bytes: 200 },
      { tookMs: 0, rows: 0, bytes: 0 },
    ]);
    expect(observer.probes).toHaveLength(
      client.statements.filter(({ text }) => text.includes('fn_cdc_get_max_lsn')).length,
    );
    expect(observer.probes.every(({ failed }) => !failed)).toBe(true);
    expect(observer.waitsMs.slice(0, 4)).toEqual([1_000, 1_000, 2_000, 4_000]);
  });

  test('a probe that failed, as failed and without a lag', async () => {
    const { client, observer, batches } = rig([], 9);
    client.before = ({ text }) => {
      if (text.includes('fn_cdc_get_max_lsn')) throw new Error('gone');
    };
    await expect(batches.next()).rejects.toThrow('gone');
    expect(observer.probes).toEqual([{ tookMs: 0, failed: true, captureLagMs: undefined }]);
  });

  test('a page that breaks midway, with the rows that had come', async () => {
    const rows = Array.from({ length: 501 }, (_, i) => row(i + 3));
    const { client, observer, batches } = rig(rows, 600);
    client.before = ({ text }) => {
      if (text.startsWith('SELECT sys.fn_cdc_get_min_lsn')) throw new Error('gone');
    };
    await batches.next();
    await expect(batches.next()).rejects.toThrow('gone');
    expect(observer.pages).toMatchObject([{ rows: 501 }]);
  });
});

describe('the time of a page', () => {
  test('is without the time that its batches waited', async () => {
    const clock = new ManualClock();
    const timer = new PageTimer(clock, 30_000);
    await clock.advance(100);
    timer.waiting();
    await clock.advance(10_000);
    expect(await timer.taken()).toBe(false);
    await clock.advance(20);
    expect((await timer.finish()).tookMs).toBe(120);
    timer.waiting();
    await clock.advance(10_000);
    expect((await timer.finish()).tookMs).toBe(120);
    expect(clock.sleeping).toBe(0);
  });
});
