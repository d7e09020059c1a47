/** What messages say that they follow, over the life of several owners. */
import { DStreamError, followsOf, type IncomingMessage } from '@dstream/core';
import type { InMemoryTopic } from '@dstream/memory/topic';
import { describe, expect, test } from 'vitest';
import { never, point, setup, partitionOfTable } from '../../../test/support/ingester-rig.ts';

const tellsOf = ({ properties }: IncomingMessage) => ({
  first: properties['firstPosition'],
  follows: followsOf(properties)?.position,
});
const tells = (topic: InMemoryTopic) => topic.messages().map(tellsOf);
const at = (n: number) => point(n).position;

describe('a message of a table that is ordered by table', () => {
  test('follows the last change that was accepted, also by the owner before; the first of all follows nothing', async () => {
    const world = setup(['A']);
    world.source.write('A', 4);
    const first = world.start('r1');
    await world.clock.advance(5_000);
    await first.stop();
    world.source.write('A', 2);
    const second = world.start('r2');
    await world.clock.advance(5_000);
    await second.stop();
    expect(tells(world.topic)).toEqual([
      { first: at(1), follows: undefined },
      { first: at(3), follows: at(2) },
      { first: at(5), follows: at(4) },
    ]);
    const stored = await world.leases.load(partitionOfTable('A'), { signal: never });
    expect(stored?.lastChange?.position).toBe(at(6));
  });

  test('of a new generation follows the last change of the old one', async () => {
    const world = setup(['A']);
    world.source.write('A', 2);
    const first = world.start('r1');
    await world.clock.advance(5_000);
    await first.stop();
    world.source.renumbered.add('A');
    world.source.write('A', 2);
    const second = world.start('r2');
    await world.clock.advance(5_000);
    await second.stop();
    const [before, after] = world.topic.messages();
    expect(followsOf(after?.properties ?? {})).toEqual({
      generation: before?.properties['generation'],
      position: at(2),
    });
  });

  test('that is sent again after a failure carries the same', async () => {
    const world = setup(['A']);
    world.source.write('A', 4);
    let failures = 3;
    world.topic.failSends(() => {
      failures -= 1;
      return failures >= 0 ? new DStreamError('Throttled', 'busy') : undefined;
    });
    const replica = world.start('r1');
    await world.clock.advance(20_000);
    await replica.stop();
    expect(tells(world.topic)).toEqual([
      { first: at(1), follows: undefined },
      { first: at(3), follows: at(2) },
    ]);
  });
});

describe('a message of a table that is ordered by key', () => {
  test('follows the last change of its session; of each owner the first of a session follows nothing', async () => {
    const world = setup(['A']);
    const ordering = { by: 'key', sessions: 2 } as const;
    world.source.write('A', 12);
    const first = world.start('r1', undefined, ordering);
    await world.clock.advance(20_000);
    await first.stop();
    world.source.write('A', 12);
    const second = world.start('r2', undefined, ordering);
    await world.clock.advance(20_000);
    await second.stop();
    const bySession = Map.groupBy(world.topic.messages(), ({ sessionId }) => sessionId);
    expect(bySession.size).toBe(2);
    for (const messages of bySession.values()) {
      const last = messages.map(({ properties }) => properties['lastPosition']);
      const firstOfSecond = messages.findIndex(
        ({ properties }) => String(properties['firstPosition']) > at(12),
      );
      expect(messages.map((message) => tellsOf(message).follows)).toEqual(
        messages.map((_, n) => (n === 0 || n === firstOfSecond ? undefined : last[n - 1])),
      );
    }
    expect((await world.leases.load(partitionOfTable('A'), { signal: never }))?.lastChange).toBeUndefined();
  });
});
