import { silentLog, type Log } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { logActivity, type Activity } from './activity-log.ts';

function rig() {
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, info: (text, fields) => void lines.push([text, fields]) };
  const clock = new ManualClock();
  const stop = new AbortController();
  let now: Activity = { changes: 0, messages: 0 };
  const ended = logActivity({ clock, log, activity: () => now }, stop.signal);
  return { lines, clock, stop, ended, moved: (changes: number) => (now = { changes, messages: 1 }) };
}

test('a minute in which something moved is one line with what moved in it, a quiet one none', async () => {
  const { lines, clock, stop, ended, moved } = rig();
  moved(100);
  await clock.advance(60_000);
  await clock.advance(60_000);
  moved(130);
  await clock.advance(60_000);
  expect(lines).toEqual([
    ['activity', { seconds: 60, changes: 100, messages: 1 }],
    ['activity', { seconds: 60, changes: 30, messages: 0 }],
  ]);
  stop.abort();
  await ended;
});

test('a restarted service counts from 0', async () => {
  const { lines, clock, stop, ended, moved } = rig();
  moved(100);
  await clock.advance(60_000);
  moved(40);
  await clock.advance(60_000);
  expect(lines[1]).toEqual(['activity', { seconds: 60, changes: 40, messages: 0 }]);
  stop.abort();
  await ended;
});

test('what moved before the stop is said too, with the time it took', async () => {
  const { lines, clock, stop, ended, moved } = rig();
  await clock.advance(12_000);
  moved(5);
  stop.abort();
  await ended;
  expect(lines).toEqual([['activity', { seconds: 12, changes: 5, messages: 1 }]]);
});
