import { BatchError, DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { message, routed, setup, stop } from '../../../test/support/processor-rig.ts';
import { AcceptedChanges } from './accepted-changes.ts';

const session = 's/d/dbo.T';

/** Two required outputs: `out` accepts, `second` is away. */
function twoOutputs(options: Parameters<typeof setup>[0] = {}) {
  const world = setup({ ...options, others: [{ name: 'second', required: true }] });
  const [second] = world.others;
  if (second === undefined) throw new Error('there is no second output');
  second.away = new DStreamError('Unreachable', 'nobody answers');
  return { ...world, second };
}

describe('an output that has accepted changes which another one has not', () => {
  test('is not given them again when the session was lost meanwhile', async () => {
    const world = twoOutputs();
    await world.send(message([1, 2]), message([3]));
    const running = world.start();
    await world.clock.advance(1_000);
    for (let n = 0; n < 3; n += 1) {
      expect(world.topic.loseLock(session)).toBe(true);
      await world.clock.advance(10_000);
    }
    world.second.away = undefined;
    await world.clock.advance(10_000);
    expect([world.output.got, world.second.got]).toEqual([
      ['c1', 'c2', 'c3'],
      ['c1', 'c2', 'c3'],
    ]);
    expect(world.topic.messages()).toEqual([]);
    await stop(world, running);
  });

  test('is given the rest only of a message of which it has a part', async () => {
    const world = twoOutputs();
    world.output.answers.push((events) => {
      const from = events.findIndex(({ event }) => event.metadata.id === 'c2');
      const error = new DStreamError('Throttled', 'slowly');
      return from < 0 ? undefined : new BatchError([{ key: session, from, error }]);
    });
    world.output.answers.push(() => {
      world.topic.loseLock(session);
      return new DStreamError('Throttled', 'slowly');
    });
    await world.send(message([1, 2, 3]));
    const running = world.start();
    await world.clock.advance(10_000);
    world.second.away = undefined;
    await world.clock.advance(10_000);
    expect([world.output.got, world.second.got]).toEqual([
      ['c1', 'c2', 'c3'],
      ['c1', 'c2', 'c3'],
    ]);
    await stop(world, running);
  });

  test('without sessions is not given them again, either', async () => {
    const world = twoOutputs({ sessions: false });
    world.second.away = undefined;
    world.second.fails = (events) =>
      events.some(({ event }) => event.metadata.id === 'c2')
        ? new DStreamError('Rejected', 'never')
        : undefined;
    world.second.answers.push((events) => {
      world.topic.loseLock(`${session}:1:1-2`);
      return world.second.fails?.(events);
    });
    await world.send(message([1, 2]));
    const running = world.start();
    await world.clock.advance(60_000);
    expect([world.output.got, world.second.got]).toEqual([['c1', 'c2'], ['c1']]);
    expect(world.topic.deadLetters()).toMatchObject([{ properties: { 'failed.second': '1' } }]);
    await stop(world, running);
  });

  test('is given them again after they were settled, when they are sent anew on purpose', async () => {
    const world = twoOutputs();
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(1_000);
    world.topic.loseLock(session);
    await world.clock.advance(1_000);
    world.second.away = undefined;
    await world.clock.advance(10_000);
    await world.send(message([1], session, 2));
    await world.clock.advance(10_000);
    expect([world.output.got, world.second.got]).toEqual([
      ['c1', 'c1'],
      ['c1', 'c1'],
    ]);
    await stop(world, running);
  });
});

describe('the memory of what outputs have', () => {
  const changes = [1, 2, 3].map(routed);

  test('is by session and output, and ends when the messages are settled', () => {
    const accepted = new AcceptedChanges();
    accepted.remember('s', 'a', changes.slice(0, 2));
    expect(accepted.without('s', 'a', changes)).toEqual(changes.slice(2));
    expect(accepted.without('s', 'b', changes)).toEqual(changes);
    expect(accepted.without('t', 'a', changes)).toEqual(changes);
    accepted.settled('s', [{ fresh: changes.slice(0, 1) }], changes);
    expect(accepted.without('s', 'a', changes)).toEqual([changes[0], changes[2]]);
    accepted.settled('s', [{ fresh: changes }], changes);
    expect(accepted.without('s', 'a', changes)).toBe(changes);
  });

  test('includes what a transform made, and knows a change of a newer generation as another one', () => {
    const accepted = new AcceptedChanges();
    const [change] = changes;
    if (change === undefined) throw new Error('there is no change');
    const { metadata } = change.event;
    const made = ['c1.1', 'c1.2'].map((id) => ({
      ...change,
      event: { ...change.event, metadata: { ...metadata, id } },
      madeOf: change,
    }));
    const rewound = { ...change, event: { ...change.event, metadata: { ...metadata, generation: 2 } } };
    accepted.remember('s', 'a', [...made.slice(0, 1), change]);
    expect(accepted.without('s', 'a', [...made, rewound])).toEqual([made[1], rewound]);
    accepted.settled('s', [{ fresh: [change] }], made);
    expect(accepted.without('s', 'a', made)).toEqual(made);
  });

  test('is bounded: the session that was added to longest ago is forgotten first', () => {
    const accepted = new AcceptedChanges(4);
    for (const name of ['s', 't', 's', 'u']) accepted.remember(name, 'a', changes.slice(0, 2));
    const known = ['s', 't', 'u'].map((name) => accepted.without(name, 'a', changes).length < 3);
    expect(known).toEqual([true, false, true]);
  });

  test('is bounded where there is one session: what is oldest is forgotten first', () => {
    const accepted = new AcceptedChanges(4);
    const many = [1, 2, 3, 4, 5, 6].map(routed);
    for (const change of many) for (const output of ['a', 'b']) accepted.remember('', output, [change]);
    for (const output of ['a', 'b']) expect(accepted.without('', output, many)).toEqual(many.slice(0, 4));
    accepted.settled('', [{ fresh: many }], many);
    accepted.remember('', 'a', many.slice(0, 4));
    expect(accepted.without('', 'a', many)).toEqual(many.slice(4));
  });
});
