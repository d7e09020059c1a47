import { expect, test } from 'vitest';
import { KeyedQueue } from './keyed-queue.ts';

test('work of one key runs one after the other, of different keys side by side', async () => {
  const queue = new KeyedQueue();
  const events: string[] = [];
  const work = (name: string) => async () => {
    events.push(`${name} starts`);
    await new Promise(setImmediate);
    events.push(`${name} ends`);
  };
  await Promise.all([queue.run('a', work('a1')), queue.run('a', work('a2')), queue.run('b', work('b1'))]);
  expect(events.slice(0, 2)).toEqual(['a1 starts', 'b1 starts']);
  expect(events.filter((event) => event.startsWith('a'))).toEqual([
    'a1 starts',
    'a1 ends',
    'a2 starts',
    'a2 ends',
  ]);
});

test('work behind a failure is not started; work after it is', async () => {
  const queue = new KeyedQueue();
  const started: string[] = [];
  const refused = new Error('refused');
  const outcomes = await Promise.allSettled([
    queue.run('a', () => Promise.reject(refused)),
    queue.run('a', async () => void started.push('behind')),
  ]);
  await queue.run('a', async () => void started.push('after'));
  expect(outcomes).toEqual([
    { status: 'rejected', reason: refused },
    { status: 'rejected', reason: refused },
  ]);
  expect(started).toEqual(['after']);
});
