import { expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

const resent = (lines: readonly (number | string)[], properties: Readonly<Record<string, string>>) => ({
  ...message(lines),
  messageId: `again:${lines.join('-')}`,
  properties,
});

async function deadLettersOf(again: ReturnType<typeof resent>) {
  const world = setup();
  await world.send(message([1, 2]), message([3]), again);
  const running = world.start();
  await world.clock.advance(100);
  expect(world.output.got).toEqual(['c1', 'c2', 'c3']);
  const found = world.topic.deadLetters();
  await stop(world, running);
  return found;
}

test('a dead letter that is replayed after its session settled later changes returns with what of it was not delivered', async () => {
  expect(await deadLettersOf(resent([1, 2], { 'failed.out': '1', reasons: '[]' }))).toMatchObject([
    {
      reason: 'NotDelivered',
      properties: {
        'failed.out': '1',
        reasons: expect.stringContaining('replayed from the dead-letter queue'),
      },
    },
  ]);
});

test('one that the broker has dead-lettered returns as a whole', async () => {
  const expired = resent([1, 2], { DeadLetterReason: 'TTLExpiredException' });
  expect(await deadLettersOf(expired)).toMatchObject([{ properties: { 'failed.out': '0-1' } }]);
});

test('a message that is no dead letter is a repeat, and completed', async () => {
  expect(await deadLettersOf(resent([1, 2], { table: 'T' }))).toEqual([]);
});

test('one that was the newest of its session is delivered', async () => {
  const world = setup();
  await world.send(message([1]), resent([2], { 'failed.out': '0' }));
  const running = world.start();
  await world.clock.advance(100);
  expect([world.output.got, world.topic.messages(), world.topic.deadLetters()]).toEqual([
    ['c1', 'c2'],
    [],
    [],
  ]);
  await stop(world, running);
});
