import { BatchError, DStreamError, type RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

describe('a processor', () => {
  test('delivers the changes of a session in order and completes their messages', async () => {
    const world = setup();
    await world.send(message([1, 2]), message([3]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1', 'c2', 'c3']);
    expect(world.topic.messages()).toEqual([]);
    await stop(world, running);
  });

  test('drops what its session has settled before, also after the session was released', async () => {
    const world = setup();
    const running = world.start();
    await world.send(message([1, 2]));
    await world.clock.advance(60_000);
    await world.send(message([2, 3]), message([1], 's/d/dbo.T', 2));
    await world.clock.advance(1_000);
    expect(world.output.got).toEqual(['c1', 'c2', 'c3', 'c1']);
    await stop(world, running);
  });

  test('waits for an output that fails for a transient reason; nothing is completed meanwhile, then all is', async () => {
    const world = setup();
    const busy = new DStreamError('Throttled', 's/d/dbo.T/1');
    world.output.answers.push(
      () => new BatchError([{ key: 's/d/dbo.T', from: 1, error: busy }]),
      () => busy,
    );
    await world.send(message([1, 2, 3]));
    const running = world.start();
    await world.clock.advance(50);
    expect([world.output.got, world.topic.messages().length]).toEqual([['c1'], 1]);
    await world.clock.advance(10_000);
    expect([world.output.got, world.topic.messages().length]).toEqual([['c1', 'c2', 'c3'], 0]);
    await stop(world, running);
  });

  test('an output that answers with a refusal after an outage is working again', async () => {
    const world = setup();
    world.output.answers.push(
      () => new DStreamError('Throttled', 'busy'),
      () => new DStreamError('Rejected', 'no'),
    );
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(10_000);
    expect(world.report().outputs).toMatchObject([{ state: 'working', failing: null, refused: 1 }]);
    await stop(world, running);
  });

  test('is not ready before its subscription was reached, whatever the state of its outputs', async () => {
    const world = setup();
    world.subscription.away = true;
    const running = world.start();
    await world.clock.advance(60_000);
    expect([world.report().ready, world.lines()]).toEqual([false, ['connected']]);
    world.subscription.reach();
    expect([world.report().ready, world.lines()]).toEqual([
      true,
      ['connected', 'connected', 'processor ready'],
    ]);
    await stop(world, running);
  });

  test('delivers what can be read of a message, then dead-letters the message with what failed', async () => {
    const world = setup();
    await world.send(message([1, 'nonsense', 2]), message([3]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1', 'c2', 'c3']);
    expect(world.topic.messages()).toEqual([]);
    expect(world.topic.deadLetters()).toMatchObject([
      {
        reason: 'MalformedMessage',
        description: 'change 1: the envelope is not JSON',
        properties: { 'failed.*': '1' },
      },
    ]);
    await stop(world, running);
  });

  test('narrows a refusal down to the one change that is refused, and delivers the rest', async () => {
    const world = setup();
    const refuse = (events: readonly RoutedEvent[]) =>
      events.some(({ event }) => event.metadata.id === 'c3') ? new DStreamError('Rejected', 'no') : undefined;
    world.output.answers.push(...Array.from({ length: 20 }, () => refuse));
    await world.send(message([1, 2, 3, 4, 5]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1', 'c2', 'c4', 'c5']);
    expect(world.topic.deadLetters()).toMatchObject([
      { reason: 'NotDelivered', properties: { 'failed.out': '2' } },
    ]);
    await stop(world, running);
    expect(world.report().outputs).toMatchObject([{ delivered: 4, refused: 1, dropped: 0, failing: null }]);
    const metrics = await world.metrics.text();
    for (const sample of [
      'dstream_messages_received_total 1',
      'dstream_messages_completed_total 0',
      'dstream_messages_dead_lettered_total{reason="NotDelivered"} 1',
      'dstream_changes_dead_lettered_total{output="out"} 1',
      'dstream_changes_delivered_total{output="out"} 4',
    ]) {
      expect(metrics).toContain(`${sample}\n`);
    }
  });

  test('an output that nobody reads any more ends it, and nothing is completed', async () => {
    const world = setup();
    const closed = () => new DStreamError('OutputClosed', 'closed');
    world.output.answers.push(closed, closed);
    await world.send(message([1]));
    const running = world.start();
    const outcome = expect(running).rejects.toMatchObject({ code: 'OutputClosed' });
    await world.clock.advance(100);
    await outcome;
    expect(world.topic.messages()).toHaveLength(1);
  });

  test('what was settled before an output closed is known to whoever has the session next', async () => {
    const world = setup();
    const closed = () => new DStreamError('OutputClosed', 'closed');
    world.output.answers.push(() => undefined, closed);
    await world.send(message([1]));
    const running = world.start();
    const outcome = expect(running).rejects.toMatchObject({ code: 'OutputClosed' });
    await world.clock.advance(100);
    await world.send(message([2]));
    await world.clock.advance(100);
    await outcome;
    expect(world.topic.messages()).toHaveLength(1);
    expect(await world.metrics.text()).toContain('dstream_session_state_saves_total 1\n');
  });

  test('when it drains, what was not begun goes back unsettled and unspent', async () => {
    const world = setup();
    world.output.answers.push(
      ...Array.from({ length: 99 }, () => () => new DStreamError('Unreachable', 'away')),
    );
    await world.send(message([1]), message([2]));
    const running = world.start();
    await world.clock.advance(100);
    world.draining.abort(new Error('stopping'));
    await world.clock.advance(100);
    world.aborted.abort(new Error('time is up'));
    await world.clock.advance(0);
    await running;
    expect(world.topic.messages()).toHaveLength(2);
  });

  test('a change without a commit time is unreadable, not a loop', async () => {
    const world = setup();
    const { committedAt: _gone, ...metadata } = aChange(1).metadata;
    await world.send(message([JSON.stringify({ data: {}, metadata: { ...metadata, generation: 1 } })]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.topic.deadLetters()).toMatchObject([{ reason: 'MalformedMessage' }]);
    expect(world.output.got).toEqual([]);
    await stop(world, running);
  });

  test('a drain does not wait for an output that is unreachable', async () => {
    const world = setup();
    world.output.answers.push(
      ...Array.from({ length: 99 }, () => () => new DStreamError('Unreachable', 'away')),
    );
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(5_000);
    await stop(world, running);
    expect(world.topic.messages()).toHaveLength(1);
  });

  test('a subscription that fails for good drains the sessions and is what it ends with', async () => {
    const world = setup();
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(100);
    const outcome = expect(running).rejects.toThrow('is gone');
    world.subscription.fail(new DStreamError('EntityNotFound', 'the subscription is gone'));
    await world.clock.advance(100);
    await outcome;
    expect(world.clock.sleeping).toBe(0);
  });

  test('a change of another table in a session is dead-lettered, and the session continues', async () => {
    const world = setup();
    const foreign = { ...aChange(900).metadata, table: 'Other', generation: 5, epoch: 1 };
    const early = { ...aChange(900).metadata, generation: world.clock.wallMs() * 2, epoch: 1 };
    await world.send(
      message([
        JSON.stringify({ data: {}, metadata: foreign }),
        JSON.stringify({ data: {}, metadata: early }),
      ]),
      message([1]),
    );
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1']);
    expect(world.topic.deadLetters()).toMatchObject([{ properties: { 'failed.*': '0-1' } }]);
    await stop(world, running);
  });
});
