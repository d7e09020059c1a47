import { describe, expect, test } from 'vitest';
import { partitionOf } from '@dstream/core';
import { CrashRig, type Life, type Moment } from '../support/crash-rig.ts';
import { crashingTable, type Reading } from '../support/crashing-table.ts';
import { FakeCdcClient, lsn, type FakeRow } from '../support/fake-cdc-client.ts';
import { instance, persons, row } from '../support/table-reader-rig.ts';

/** One transaction of sixty rows: inserts, updates, an update of a key, a deferred update, all with two rows of one seqval. */
function sixtyRows(): FakeRow[] {
  const rows: FakeRow[] = [];
  for (let n = 0; rows.length < 60; n += 1) {
    const pair = [
      [row(2, n, 2, n)],
      [row(2, n, 3, n, 'old'), row(2, n, 4, n, 'new')],
      [row(2, n, 1, n, 'old'), row(2, n, 2, n + 1_000, 'moved')],
      [row(2, n, 1, n, 'old'), row(2, n, 2, n, 'deferred')],
      [row(2, n, 1, n)],
    ][n % 5];
    rows.push(...(pair ?? []));
  }
  return rows.slice(0, 60).map((one) => ({ ...one, commandId: 1 }));
}

const rows = sixtyRows();
const database = new FakeCdcClient([instance(rows)], lsn(2));
const rig = () => new CrashRig({ partition: partitionOf(persons), end: `${lsn(2)}:~` });
const read = (crashed: CrashRig, reading: Reading) => (life: Life) =>
  crashingTable(database, crashed.clock, reading, life);
const count = (moments: readonly Moment[], wanted: Moment) => moments.filter((m) => m === wanted).length;

/** How many changes of the transaction a saved position stands behind. */
function changesUpTo(position: string | undefined, all: number): number {
  if (position?.startsWith(lsn(2)) !== true) return 0;
  return position.endsWith('~') ? all : Number(position.slice(-10));
}

describe.each<[Reading, Reading]>([
  [
    { mode: 'functions', maxRows: 4 },
    { mode: 'functions', maxRows: 7 },
  ],
  [
    { mode: 'direct', maxRows: 3 },
    { mode: 'direct', maxRows: 5_000 },
  ],
  [
    { mode: 'functions', maxRows: 5 },
    { mode: 'direct', maxRows: 2 },
  ],
])('a transaction of sixty rows, read as %j and after a crash as %j', (reading, then) => {
  test('comes whole and without a repeat after a crash at any row, send or save but for what was in flight', async () => {
    const quiet = rig();
    const moments = await quiet.run(read(quiet, reading));
    const whole = quiet.sent;
    expect(new Set(whole).size).toBe(whole.length);
    expect(count(moments, 'read')).toBe(60);
    expect(count(moments, 'sent')).toBe(count(moments, 'send begins'));
    expect(count(moments, 'saved')).toBeGreaterThan(3);
    for (let at = 1; at <= moments.length; at += 1) await crashAndGoOn(at, whole);
  });

  async function crashAndGoOn(at: number, whole: readonly string[]): Promise<void> {
    const crashed = rig();
    await crashed.run(read(crashed, reading), at);
    const before = crashed.sent;
    const saved = await crashed.savedUpTo();
    await crashed.run(read(crashed, then));
    const { sent } = crashed;
    expect([...new Set(sent)], `after a crash at moment ${at}`).toEqual(whole);
    expect(crashed.holes, `holes after a crash at moment ${at}`).toEqual([]);
    const inFlight = new Set(before.slice(changesUpTo(saved, whole.length)));
    const repeated = sent.filter((id, i) => sent.indexOf(id) < i);
    expect(
      repeated.filter((id) => !inFlight.has(id)),
      `repeats after a crash at moment ${at}`,
    ).toEqual([]);
  }
});
