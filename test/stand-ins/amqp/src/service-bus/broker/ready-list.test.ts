import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReadyList } from './ready-list.ts';
import { StoredMessage } from './stored-message.ts';
import { payload } from './test-broker.ts';

function message(sequence: number): StoredMessage {
  const fields = { sequence, enqueuedSequence: sequence, enqueuedAtMs: 0, expiresAtMs: Infinity };
  return new StoredMessage({ ...fields, payload: payload(`m${sequence}`) });
}

test('what was given back comes before what is newer', () => {
  const list = new ReadyList();
  for (const sequence of [1, 2, 3, 4]) list.append(message(sequence));
  const [first, second] = [list.take(), list.take()] as [StoredMessage, StoredMessage];
  list.putBack(second);
  list.putBack(first);
  expect([list.take(), list.take(), list.take()].map((m) => m?.sequence)).toEqual([1, 2, 3]);
  expect(list.size).toBe(1);
});

test('a message that is gone is passed over', () => {
  const list = new ReadyList();
  const gone = message(1);
  list.append(gone);
  list.append(message(2));
  gone.gone = true;
  list.noteGone();
  expect(list.size).toBe(1);
  expect(list.take()?.sequence).toBe(2);
  expect(list.take()).toBeUndefined();
});

type Step = 'append' | 'take' | number;

/** Does the same with the list and with a plain set, and tells where they differ. A number gives one back. */
function differences(steps: readonly Step[]): string[] {
  const list = new ReadyList();
  const inside = new Map<number, StoredMessage>();
  const taken: StoredMessage[] = [];
  const found: string[] = [];
  let sequence = 0;
  for (const step of steps) {
    if (step === 'append') {
      sequence += 1;
      const fresh = message(sequence);
      list.append(fresh);
      inside.set(sequence, fresh);
    } else if (step === 'take') {
      const expected = inside.get(Math.min(...inside.keys()));
      const got = list.take();
      if (got !== expected) found.push(`took ${got?.sequence} instead of ${expected?.sequence}`);
      if (expected !== undefined) taken.push(expected);
      inside.delete(expected?.sequence ?? 0);
    } else {
      const [back] = taken.splice(step % Math.max(taken.length, 1), 1);
      if (back === undefined) continue;
      list.putBack(back);
      inside.set(back.sequence, back);
    }
    if (list.size !== inside.size) found.push(`size ${list.size} instead of ${inside.size}`);
  }
  return found;
}

test('any mixture of taking and giving back hands out the lowest sequence number that is there', () => {
  const step = fc.oneof(fc.constant('append' as const), fc.constant('take' as const), fc.nat({ max: 50 }));
  const property = fc.property(
    fc.array(step, { maxLength: 200 }),
    (steps) => differences(steps).length === 0,
  );
  expect(() => fc.assert(property)).not.toThrow();
});
