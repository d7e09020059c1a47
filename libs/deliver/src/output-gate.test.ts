import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { message, setup, stop, type WorldOptions } from '../../../test/support/processor-rig.ts';

const session = (n: number) => `s/d/dbo.T/${n}`;

/** A rig whose second output has these limits. */
function limited(limits: NonNullable<WorldOptions['others']>[number]) {
  const world = setup({ others: [{ name: 'second', required: true, ...limits }] });
  const [second] = world.others;
  if (second === undefined) throw new Error('there is no second output');
  return { ...world, second };
}

describe.each([{ required: true }, { required: false }])('an output with %j', ({ required }) => {
  test('has at most max_in_flight calls at a time, whose order within a session is kept', async () => {
    const world = limited({ required, maxInFlight: 2 });
    const hold = Promise.withResolvers<void>();
    world.second.hold = hold.promise;
    await world.send(
      ...[1, 2, 3, 4, 5].flatMap((n) => [message([n], session(n)), message([n + 10], session(n))]),
    );
    const running = world.start();
    await world.clock.advance(1_000);
    expect(world.second.publishes).toBe(2);
    hold.resolve();
    await world.clock.advance(1_000);
    for (const n of [1, 2, 3, 4, 5]) {
      const own = [`c${n}`, `c${n + 10}`];
      expect(world.second.got.filter((id) => own.includes(id))).toEqual(own);
    }
    expect(world.second.got).toHaveLength(10);
    await stop(world, running);
  });

  test('is given up on after its timeout, and tried again', async () => {
    const world = limited({ required, timeoutMs: 30_000 });
    world.second.hold = new Promise(() => undefined);
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(29_999);
    expect(world.report().outputs[1]).toMatchObject({ failedAttempts: 0 });
    await world.clock.advance(1);
    expect(world.report().outputs[1]).toMatchObject({
      state: 'failing',
      failing: { code: 'TimedOut', reason: 'output second did not answer within its timeout of 30000 ms' },
    });
    world.second.hold = undefined;
    await world.clock.advance(5_000);
    expect([world.second.got, world.topic.messages()]).toEqual([['c1'], []]);
    await stop(world, running);
  });

  test('waits as its retry block says', async () => {
    const world = limited({ required, retry: { firstMs: 10_000, maxMs: 40_000 } });
    world.second.away = new DStreamError('Unreachable', 'nobody answers');
    await world.send(message([1]));
    const running = world.start();
    const attemptsAfter = async (ms: number) => {
      await world.clock.advance(ms);
      return world.second.publishes;
    };
    // Waits of 7.5, 15 and 30 seconds: jitter takes a quarter here.
    expect([
      await attemptsAfter(7_499),
      await attemptsAfter(1),
      await attemptsAfter(14_999),
      await attemptsAfter(1),
      await attemptsAfter(29_999),
      await attemptsAfter(1),
      await attemptsAfter(30_000),
    ]).toEqual([1, 2, 2, 3, 3, 4, 5]);
    await stop(world, running);
  });
});

test('a timeout ends the call that hangs, so that the publisher can stop it', async () => {
  const world = limited({ timeoutMs: 1_000 });
  const given = Promise.withResolvers<AbortSignal>();
  const { second } = world;
  second.publish = (_events, { signal }) => {
    given.resolve(signal);
    return new Promise(() => undefined);
  };
  await world.send(message([1]));
  const running = world.start();
  const signal = await given.promise;
  expect(signal.aborted).toBe(false);
  await world.clock.advance(1_000);
  expect(signal.reason).toMatchObject({ code: 'TimedOut' });
  await stop(world, running);
});
