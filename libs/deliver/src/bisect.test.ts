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

/** Ten minutes and more in which the output has changes of another session to accept. */
async function withOthers(world: ReturnType<typeof setup>, minutes = 12): Promise<void> {
  for (let n = 0; n < minutes * 4; n += 1) {
    await world.send(message([1_000 + n], 's/d/dbo.T/2'));
    await world.clock.advance(15_000);
  }
}

/** What of the first session was delivered. */
const own = (got: readonly string[]) => got.filter((id) => id.length < 5);

describe('a transient failure', () => {
  test.each(['Unexpected', 'TimedOut', 'Unreachable', 'Throttled'] as const)(
    'of code %s that stays with one change, while the output accepts others, dead-letters that change, and the rest is delivered',
    async (code) => {
      const world = setup();
      world.output.fails = (events) => breaksAt('c3')(events) && new DStreamError(code, 'something about c3');
      await world.send(message([1, 2, 3, 4, 5]), message([6]));
      const running = world.start();
      await withOthers(world, 9);
      expect([own(world.output.got), world.topic.deadLetters()]).toEqual([['c1', 'c2'], []]);
      await withOthers(world, 3);
      expect(own(world.output.got)).toEqual(['c1', 'c2', 'c4', 'c5', 'c6']);
      expect(world.topic.messages()).toEqual([]);
      expect(world.topic.deadLetters()).toMatchObject([
        {
          reason: 'NotDelivered',
          description: expect.stringMatching(
            /^change 2: failed \d\d times in \d\d minutes while the output accepted other changes: something about c3$/,
          ),
          properties: { 'failed.out': '2' },
        },
      ]);
      expect(world.report().outputs).toMatchObject([{ state: 'working', failing: null, refused: 1 }]);
      await stop(world, running);
    },
  );

  test.each(['Unauthorized', 'EntityNotFound', 'ConfigInvalid', 'DestinationUnusable'] as const)(
    'of code %s is a fault of the output, and dead-letters nothing, whatever else is accepted',
    async (code) => {
      const world = setup();
      world.output.fails = (events) =>
        breaksAt('c3')(events) && new DStreamError(code, 'no access to the queue');
      await world.send(message([1, 2, 3]));
      const running = world.start();
      await withOthers(world, 60);
      expect([own(world.output.got), world.topic.deadLetters()]).toEqual([[], []]);
      expect(world.report().outputs).toMatchObject([
        { state: 'failing', failing: { code, reason: 'no access to the queue' } },
      ]);
      world.output.fails = undefined;
      await world.clock.advance(10_000);
      expect(own(world.output.got)).toEqual(['c1', 'c2', 'c3']);
      await stop(world, running);
    },
  );

  test('of one destination is not held against the change by what other destinations accept', async () => {
    const world = setup();
    world.output.destinationOf = ({ orderingKey }) => orderingKey;
    world.output.fails = breaksAt('c3');
    await world.send(message([1, 2, 3]));
    const running = world.start();
    await withOthers(world, 60);
    expect([own(world.output.got), world.topic.deadLetters()]).toEqual([['c1', 'c2'], []]);
    await stop(world, running);
  });

  test('names message, session, table and change in the log, as does the dead letter', async () => {
    const world = setup();
    world.output.fails = breaksAt('c2');
    await world.send(message([1, 2]));
    const running = world.start();
    await withOthers(world);
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

  test.each(['Unexpected', 'Unreachable'] as const)(
    'of code %s dead-letters nothing while the output accepts nothing, in an hour and in a day',
    async (code) => {
      const world = setup();
      world.output.away = new DStreamError(code, 'nobody answers');
      await world.send(message([1, 2, 3]), message([1], 's/d/dbo.T/2'));
      const running = world.start();
      await world.clock.advance(86_400_000);
      expect([world.topic.deadLetters(), world.topic.messages().length]).toEqual([[], 2]);
      world.output.away = undefined;
      await world.clock.advance(5_000);
      expect([...world.output.got].sort()).toEqual(['c1', 'c1', 'c2', 'c3']);
      expect(world.topic.messages()).toEqual([]);
      await stop(world, running);
    },
  );

  test('in a BatchError is looked for from the first change that was not accepted on', async () => {
    const world = setup();
    const unknown = new DStreamError('Unexpected', 'a code that is not known');
    const breaks = (events: readonly RoutedEvent[]) => {
      const from = events.findIndex(({ event }) => event.metadata.id === 'c3');
      return from < 0 ? undefined : new BatchError([{ key: session, from, error: unknown }]);
    };
    world.output.fails = breaks;
    await world.send(message([1, 2, 3, 4]));
    const running = world.start();
    await withOthers(world);
    expect(own(world.output.got)).toEqual(['c1', 'c2', 'c4']);
    expect(world.topic.deadLetters()).toMatchObject([{ properties: { 'failed.out': '2' } }]);
    await stop(world, running);
  });

  test('of an output that is not required drops that change, and the buffer continues', async () => {
    const world = setup({ others: [{ name: 'other' }] });
    const [other] = world.others;
    if (other !== undefined) other.fails = breaksAt('c2');
    await world.send(message([1, 2, 3]));
    const running = world.start();
    await withOthers(world);
    expect(own(other?.got ?? [])).toEqual(['c1', 'c3']);
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
