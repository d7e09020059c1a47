/** A table whose rows are dealt among sessions (`ordering = "key"`). */
import { expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

test.each([
  ['one session of the table', () => 's/d/dbo.T', 1],
  ['four of its buckets', (n: number) => `s/d/dbo.T/${n}`, 4],
])(
  'messages of %s are with an output at the same time as often as sessions allow',
  async (_, sessionOf, atOnce) => {
    const world = setup();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.output.hold = promise;
    for (const n of [0, 1, 2, 3]) await world.send(message([n], sessionOf(n)));
    const running = world.start();
    await world.clock.advance(1_000);
    expect(world.output.publishes).toBe(atOnce);
    resolve();
    await world.clock.advance(1_000);
    expect(world.output.got.toSorted()).toEqual(['c0', 'c1', 'c2', 'c3']);
    await stop(world, running);
  },
);

test('each bucket has its own progress: an older change of another bucket is no repeat', async () => {
  const world = setup();
  const running = world.start();
  await world.send(message([7, 9], 's/d/dbo.T/1'));
  await world.clock.advance(1_000);
  await world.send(message([2, 8], 's/d/dbo.T/2'), message([7], 's/d/dbo.T/1'));
  await world.clock.advance(1_000);
  expect(world.output.got).toEqual(['c7', 'c9', 'c2', 'c8']);
  await stop(world, running);
});
