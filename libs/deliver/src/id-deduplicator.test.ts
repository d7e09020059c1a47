import { expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { IdDeduplicator, type DeliveredMessage } from './deduplicator.ts';

const stamped = (n: number) => {
  const { metadata, ...rest } = aChange(n);
  return { ...rest, metadata: { ...metadata, generation: 1, epoch: 1 } };
};

const message = (n: number, failures: readonly unknown[] = []): DeliveredMessage => {
  const event = stamped(n);
  const accepted = { event, line: Buffer.of(), index: 0, messageId: '', orderingKey: '' };
  return { accepted: [accepted], failures };
};

/** Which of the changes are new, in one step. */
function newOf(deduplicator: IdDeduplicator, ...changes: readonly number[]): readonly number[] {
  const isNew = deduplicator.filter();
  return changes.filter((n) => isNew(stamped(n)));
}

test('of so many ids the oldest is forgotten first, and one that was seen again is young', () => {
  const deduplicator = new IdDeduplicator(2);
  for (const n of [1, 2, 1, 3]) deduplicator.settled([message(n)]);
  expect(newOf(deduplicator, 1, 2, 3)).toEqual([2]);
});

test('a change that is twice in one step is new once', () => {
  expect(newOf(new IdDeduplicator(2), 1, 1, 2)).toEqual([1, 2]);
});

test('what is delivered but has failures to dead-letter is not remembered before it is settled', () => {
  const deduplicator = new IdDeduplicator(9);
  deduplicator.delivered([message(1), message(2, ['refused'])]);
  expect(newOf(deduplicator, 1, 2)).toEqual([2]);
});
