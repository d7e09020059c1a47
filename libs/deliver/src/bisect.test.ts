import { BatchError, DStreamError, type RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

const session = 's/d/dbo.T';

/** Answers like an output with a fault in its code that one change brings out. */
function breaksAt(id: string) {
  return (events: readonly RoutedEvent[]) =>
    events.some(({ event }) => event.metadata.id === id) ? new TypeError(`cannot read ${id}`) : undefined;
}

describe('an unexpected error', () => {
  test('which repeats on one change dead-letters that change, and the rest of its message is delivered', async () => {
    const world = setup();
    world.output.answers.push(...Array.from({ length: 99 }, () => breaksAt('c3')));
    await world.send(message([1, 2, 3, 4, 5]), message([6]));
    const running = world.start();
    await world.clock.advance(20_000);
    expect(world.output.got).toEqual(['c1', 'c2', 'c4', 'c5', 'c6']);
    expect(world.topic.messages()).toEqual([]);
    expect(world.topic.deadLetters()).toMatchObject([
      {
        reason: 'NotDelivered',
        description: 'change 2: failed 5 times with an unexpected error: cannot read c3',
        properties: { 'failed.out': '2' },
      },
    ]);
    expect(world.report().outputs).toMatchObject([{ state: 'working', failing: null, refused: 1 }]);
    await stop(world, running);
  });

  test('names message, session, table and change in the log, as does the dead letter', async () => {
    const world = setup();
    world.output.answers.push(...Array.from({ length: 99 }, () => breaksAt('c2')));
    await world.send(message([1, 2]));
    const running = world.start();
    await world.clock.advance(20_000);
    const named = { messageId: `${session}:1:1-2`, session, table: 'dbo.T' };
    expect(world.said).toContainEqual({
      sentence: 'publishing to out failed; retrying',
      fields: { code: 'Unexpected', reason: 'cannot read c2', sinceSeconds: 0, change: 'c1', ...named },
    });
    expect(world.said).toContainEqual({
      sentence: 'dead-lettered message',
      fields: expect.objectContaining({ reason: 'NotDelivered', ...named }),
    });
    await stop(world, running);
  });

  test('counts against a change for minutes while the output takes nothing: it may be an outage', async () => {
    const world = setup();
    world.output.away = new DStreamError('Unexpected', 'a code that is not known');
    await world.send(message([1, 2, 3]));
    const running = world.start();
    await world.clock.advance(150_000);
    world.output.away = undefined;
    await world.clock.advance(30_000);
    expect(world.output.got).toEqual(['c1', 'c2', 'c3']);
    expect(world.topic.deadLetters()).toEqual([]);
    await stop(world, running);
  });

  test('does not hold a table up for ever, also when nothing else is there to be published', async () => {
    const world = setup();
    world.output.away = new TypeError('cannot read c1');
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(300_000);
    expect(world.topic.messages()).toEqual([]);
    expect(world.topic.deadLetters()).toMatchObject([{ reason: 'NotDelivered' }]);
    await stop(world, running);
  });

  test('in a BatchError is looked for from the first change that was not accepted on', async () => {
    const world = setup();
    const unknown = new DStreamError('Unexpected', 'a code that is not known');
    const breaks = (events: readonly RoutedEvent[]) => {
      const from = events.findIndex(({ event }) => event.metadata.id === 'c3');
      return from < 0 ? undefined : new BatchError([{ key: session, from, error: unknown }]);
    };
    world.output.answers.push(...Array.from({ length: 99 }, () => breaks));
    await world.send(message([1, 2, 3, 4]));
    const running = world.start();
    await world.clock.advance(20_000);
    expect(world.output.got).toEqual(['c1', 'c2', 'c4']);
    expect(world.topic.deadLetters()).toMatchObject([{ properties: { 'failed.out': '2' } }]);
    await stop(world, running);
  });

  test('of an output that is not required drops that change, and the buffer continues', async () => {
    const world = setup({ others: [{ name: 'other' }] });
    const [other] = world.others;
    other?.answers.push(...Array.from({ length: 99 }, () => breaksAt('c2')));
    await world.send(message([1, 2, 3]));
    const running = world.start();
    await world.clock.advance(20_000);
    expect(other?.got).toEqual(['c1', 'c3']);
    expect(world.report().outputs).toMatchObject([{}, { state: 'working', refused: 1, dropped: 0 }]);
    await stop(world, running);
  });
});

describe('a message that decodes to nothing an output could take', () => {
  test('is dead-lettered at once, and the next one is delivered', async () => {
    const world = setup();
    const { metadata } = aChange(1);
    const broken = [
      { committedAt: 1_795_166_130_123 },
      { changed: 1 },
      { key: undefined },
      { gap: {} },
      { id: 'i'.repeat(129) },
    ].map((fields) =>
      JSON.stringify({ data: {}, metadata: { ...metadata, generation: 1, epoch: 1, ...fields } }),
    );
    await world.send(message(broken), message([2]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c2']);
    expect(world.topic.deadLetters()).toMatchObject([
      { reason: 'MalformedMessage', properties: { 'failed.*': '0-4' } },
    ]);
    await stop(world, running);
  });
});
