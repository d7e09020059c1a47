import { expect, test } from 'vitest';
import type { StampedEvent } from '@dstream/core';
import { aChange } from '../../../../test/support/a-change.ts';
import { eachEvent } from './each-event.ts';

const events = Array.from({ length: 10 }, (_, n): StampedEvent => {
  const { data, metadata } = aChange(n);
  return { data, metadata: { ...metadata, generation: 1, epoch: 1 } };
});

/** Work of 10 ms. */
function slow(event: StampedEvent): readonly StampedEvent[] {
  for (const endMs = performance.now() + 10; performance.now() < endMs;);
  return [event];
}

test('slow changes do not hold up the rest of the process', async () => {
  let isDone = false;
  const all = eachEvent(events, { signal: new AbortController().signal }, slow).then((results) => {
    isDone = true;
    return results;
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(isDone).toBe(false);
  expect(await all).toEqual(events.map((event) => [event]));
});

test('an abort meanwhile ends it', async () => {
  const abort = new AbortController();
  const all = eachEvent(events, abort, slow);
  abort.abort(new Error('stopped'));
  await expect(all).rejects.toThrow('stopped');
});
