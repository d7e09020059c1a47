import { expect, test } from 'vitest';
import { settlementOf } from './outcome.ts';

test('accepted completes and released gives back', () => {
  expect([settlementOf('accepted', {}), settlementOf('released', {})]).toEqual([
    { kind: 'complete' },
    { kind: 'release' },
  ]);
});

test('modified abandons, and defers when it is undeliverable here', () => {
  const changes = { tried: 1 };
  expect(settlementOf('modified', { undeliverable_here: false, message_annotations: changes })).toEqual({
    kind: 'abandon',
    changes,
  });
  expect(settlementOf('modified', { undeliverable_here: true, message_annotations: null })).toEqual({
    kind: 'defer',
    changes: {},
  });
});

test('rejected dead-letters with reason, description and the other properties of its info', () => {
  const info = { DeadLetterReason: 'bad', DeadLetterErrorDescription: 'really', index: 4 };
  expect(settlementOf('rejected', { error: { condition: 'com.microsoft:dead-letter', info } })).toEqual({
    kind: 'dead-letter',
    reason: 'bad',
    description: 'really',
    changes: { index: 4 },
  });
});

test('rejected without an info takes the error’s description for the reason', () => {
  expect(
    settlementOf('rejected', { error: { condition: 'amqp:internal-error', description: 'no' } }),
  ).toMatchObject({
    kind: 'dead-letter',
    reason: 'no',
  });
});
