import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { RowFlow, Watchdog } from './row-stream.ts';

describe('a flow of rows', () => {
  const flowOf = (limits: { maxRows: number; maxBytes: number }) => {
    const paused: boolean[] = [];
    return { paused, flow: new RowFlow(limits, (p) => paused.push(p)) };
  };

  test('is paused at the limit and resumes when taken', async () => {
    const { flow, paused } = flowOf({ maxRows: 2, maxBytes: 1_000_000 });
    flow.push(0, [1]);
    expect(paused).toEqual([]);
    flow.push(0, [2]);
    flow.push(0, [3]);
    expect(paused).toEqual([true]);
    expect((await flow.take())?.map(({ values }) => values[0])).toEqual([1, 2, 3]);
    expect(paused).toEqual([true, false]);
  });

  test('counts bytes too', () => {
    const { flow, paused } = flowOf({ maxRows: 100, maxBytes: 5_000 });
    flow.push(0, ['x'.repeat(10_000)]);
    expect(paused).toEqual([true]);
  });

  test('gives what is there before it ends, and nothing before it fails', async () => {
    const ended = flowOf({ maxRows: 10, maxBytes: 1_000 }).flow;
    ended.push(0, [1]);
    ended.end();
    expect(await ended.take()).toHaveLength(1);
    expect(await ended.take()).toBeUndefined();
    const failed = flowOf({ maxRows: 10, maxBytes: 1_000 }).flow;
    const waiting = failed.take();
    failed.end(new Error('broken'));
    failed.end(new Error('later'));
    await expect(waiting).rejects.toThrow('broken');
  });
});

describe('the watchdog', () => {
  test('reports silence once, and neither while rows come nor while we have paused', async () => {
    const clock = new ManualClock();
    let reports = 0;
    const watchdog = new Watchdog(clock, 100, () => (reports += 1));
    await clock.advance(90);
    watchdog.heard(50);
    await clock.advance(40);
    watchdog.pause();
    await clock.advance(500);
    watchdog.resume();
    await clock.advance(40);
    expect(reports).toBe(0);
    await clock.advance(20);
    expect(reports).toBe(1);
    await watchdog.stop();
    expect(clock.sleeping).toBe(0);
  });

  test('of a result that stalls midway waits only as long as may lie between two rows, however long the first one might have taken', async () => {
    const clock = new ManualClock();
    let reports = 0;
    const watchdog = new Watchdog(clock, 120_000, () => (reports += 1));
    await clock.advance(10_000);
    watchdog.heard(30_000);
    await clock.advance(29_999);
    expect(reports).toBe(0);
    await clock.advance(1);
    expect(reports).toBe(1);
    await watchdog.stop();
    expect(clock.sleeping).toBe(0);
  });
});
