import { BatchError, DStreamError, type RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

describe('a processor whose lock was lost', () => {
  test('a session lost while its change is being delivered: the message arrives again and is settled, not delivered again', async () => {
    const world = setup();
    world.output.answers.push(() => {
      world.topic.loseLock('s/d/dbo.T');
      return undefined;
    });
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(5_000);
    expect(world.output.got).toEqual(['c1']);
    expect(world.topic.messages()).toEqual([]);
    await stop(world, running);
  });

  test('a session lost before its progress was saved: what the ingester sends again is dropped', async () => {
    const world = setup();
    await world.send(message([1, 2]));
    const running = world.start();
    await world.clock.advance(100);
    world.topic.loseLock('s/d/dbo.T');
    await world.send(message([2, 3]));
    await world.clock.advance(5_000);
    expect(world.output.got).toEqual(['c1', 'c2', 'c3']);
    expect(world.topic.messages()).toEqual([]);
    await stop(world, running);
  });

  test('a session lost before a refused change was dead-lettered: it is dead-lettered when the message arrives again, and the others are not delivered again', async () => {
    const world = setup();
    const refusing = (events: readonly RoutedEvent[]) => {
      const from = events.findIndex(({ event }) => event.metadata.id === 'c2');
      const error = new DStreamError('Rejected', 'never');
      return from < 0 ? undefined : new BatchError([{ key: 's/d/dbo.T', from, error }]);
    };
    const losing = () => void world.topic.loseLock('s/d/dbo.T');
    world.output.answers.push(refusing, losing, refusing, refusing);
    await world.send(message([1, 2]), message([3]));
    const running = world.start();
    await world.clock.advance(5_000);
    expect(world.output.got).toEqual(['c1', 'c3']);
    expect(world.topic.deadLetters()).toMatchObject([{ properties: { 'failed.out': '1' } }]);
    expect(world.topic.messages()).toEqual([]);
    await stop(world, running);
  });

  test('without sessions a change whose lock was lost after its delivery is settled, not delivered again', async () => {
    const world = setup({ sessions: false });
    world.output.answers.push(() => {
      world.topic.loseLock('s/d/dbo.T:1:1');
      return undefined;
    });
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(60_000);
    expect([world.output.got, world.topic.messages().length]).toEqual([['c1'], 0]);
    await stop(world, running);
  });

  test('without sessions a refused change whose lock was lost is not regarded as a repeat: it is dead-lettered later', async () => {
    const world = setup({ sessions: false });
    const refuse = () => new DStreamError('Rejected', 'never');
    world.output.answers.push(() => {
      world.topic.loseLock('s/d/dbo.T:1:1');
      return refuse();
    }, refuse);
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(60_000);
    expect([world.topic.deadLetters().length, world.topic.messages().length]).toEqual([1, 0]);
    await stop(world, running);
  });
});

describe('a processor with more sessions than it may hold', () => {
  test('a session that is never idle is released for one that waits', async () => {
    const world = setup({ maxSessions: 1 });
    const running = world.start();
    await world.send(message([1], 's/d/dbo.T/1'));
    await world.send(message([1000], 's/d/dbo.T/2'));
    for (let n = 2; n <= 30; n += 1) {
      await world.send(message([n], 's/d/dbo.T/1'));
      await world.clock.advance(5_000);
    }
    expect(world.output.got).toContain('c1000');
    await stop(world, running);
  });

  test('more sessions than may be held take turns within seconds', async () => {
    const world = setup({ maxSessions: 2 });
    const running = world.start();
    const sessions = Array.from({ length: 8 }, (_, n) => `s/d/dbo.T/${n}`);
    for (const [n, session] of sessions.entries()) await world.send(message([n], session));
    for (let n = 1; n <= 10; n += 1) {
      await world.send(message([n * 100], sessions[0]), message([n * 100 + 1], sessions[1]));
      await world.clock.advance(1_000);
    }
    expect(world.output.got).toEqual(expect.arrayContaining(sessions.map((_, n) => `c${n}`)));
    await stop(world, running);
  });

  test('a session is kept while none waits, and the one that is idle for longest is evicted first', async () => {
    const world = setup({ maxSessions: 2 });
    const running = world.start();
    const sessions = ['s/d/dbo.T/0', 's/d/dbo.T/1', 's/d/dbo.T/2'] as const;
    await world.send(message([0], sessions[0]), message([1], sessions[1]));
    await world.clock.advance(5_000);
    expect(world.report().sessions).toEqual([sessions[0], sessions[1]]);
    await world.send(message([10], sessions[0]));
    await world.clock.advance(1_000);
    await world.send(message([2], sessions[2]));
    await world.clock.advance(0);
    expect(world.output.got).toEqual(['c0', 'c1', 'c10', 'c2']);
    expect(world.report().sessions).toEqual([sessions[0], sessions[2]]);
    await stop(world, running);
  });

  test('one busy session is released for one that waits, though several have been held for long', async () => {
    const world = setup({ maxSessions: 8 });
    const running = world.start();
    const sessions = Array.from({ length: 9 }, (_, n) => `s/d/dbo.T/${n}`);
    const done = Promise.withResolvers<void>();
    world.output.hold = done.promise;
    await world.send(...sessions.map((session, n) => message([n], session)));
    await world.clock.advance(3_000);
    expect(world.report().sessions).toEqual(sessions);
    done.resolve();
    await world.clock.advance(0);
    expect(world.report().sessions).toHaveLength(8);
    await stop(world, running);
  });
});
