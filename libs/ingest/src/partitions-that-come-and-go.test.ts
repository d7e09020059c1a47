import { expect, test } from 'vitest';
import { ids, never, point, sent, setup, partitionOfTable } from '../../../test/support/ingester-rig.ts';
import { freshMs } from './partition-list.ts';

test('a table that appears later is taken and read from its beginning, without a restart', async () => {
  const world = setup(['A']);
  const replica = world.start('r1');
  await world.clock.advance(5_000);
  world.source.write('B', 3);
  await world.clock.advance(freshMs + 10_000);
  expect(sent(world.topic, 'B')).toEqual(ids('B', 3));
  expect(replica.owned().map(({ table }) => table)).toEqual(['dbo.A', 'dbo.B']);
  await replica.stop();
});

test('a table that is gone from the list is given back with its checkpoint, and taken again when it is back', async () => {
  const world = setup(['A', 'B']);
  world.source.write('A', 2);
  world.source.write('B', 2);
  const replica = world.start('r1');
  await world.clock.advance(5_000);
  world.source.counts.delete('B');
  await world.clock.advance(freshMs + 10_000);
  expect(replica.owned().map(({ table }) => table)).toEqual(['dbo.A']);
  expect((await world.leases.load(partitionOfTable('B'), { signal: never }))?.at).toEqual(point(2));
  world.source.write('B', 4);
  await world.clock.advance(freshMs + 10_000);
  expect(sent(world.topic, 'B')).toEqual(ids('B', 4));
  await replica.stop();
});
