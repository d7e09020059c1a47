import { expect, test } from 'vitest';
import { control } from './controls.ts';

function pressed(keys: string, ingesters: string[]) {
  const said: string[] = [];
  let paused = false;
  const replicas = {
    killIngester: () => ingesters.shift(),
    startIngester: () => (ingesters.length < 2 ? (ingesters.push('new'), 'new') : undefined),
  };
  const workload = { togglePause: () => (paused = !paused) };
  for (const key of keys) control(key, { replicas, workload, say: (text) => said.push(text) });
  return said;
}

test('k kills until nobody is left, and reports it', () => {
  expect(pressed('kk', ['ingester-1'])).toEqual([
    'killed ingester-1 with SIGKILL: its leases end within 15 s',
    'no ingester is running: press s to start one',
  ]);
});

test('s starts until there are enough', () => {
  expect(pressed('ss', ['a'])).toEqual(['no more ingesters: five are running']);
});

test('p pauses and resumes', () => {
  expect(pressed('pp', [])).toEqual(['shop paused', 'shop resumed']);
});

test('other keys do nothing', () => {
  expect(pressed('xK1 ', ['a'])).toEqual([]);
});
