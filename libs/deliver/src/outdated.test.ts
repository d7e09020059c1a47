import { expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

const session = 's/d/dbo.T';
const sentence =
  'dropped undelivered changes of an older generation; delete the table\'s checkpoint (docs/operations.md, "Restart a table from the beginning")';
const at = (n: number, generation: number) => ({ generation, position: aChange(n).metadata.position });

const said = ({ said: all }: ReturnType<typeof setup>) =>
  all.filter((line) => line.sentence === sentence).map(({ fields }) => fields);

async function outdated({ metrics }: ReturnType<typeof setup>): Promise<number> {
  return Number(/dstream_changes_outdated_total (\d+)/.exec(await metrics.text())?.[1]);
}

test('changes of an older generation that were never delivered are dropped, counted and logged once for each hold, then at intervals', async () => {
  const world = setup();
  await world.send(
    message([1, 2], session, 7),
    message([2], session, 5),
    message([3, 4], session, 5),
    message([5], session, 5),
  );
  const running = world.start();
  await world.clock.advance(100);
  expect(world.output.got).toEqual(['c1', 'c2']);
  expect(said(world)).toEqual([{ session, table: 'dbo.T', dropped: at(3, 5), settled: at(2, 7) }]);
  expect(await outdated(world)).toBe(3);
  await world.clock.advance(1_000);
  await world.send(message([6], session, 5));
  await world.clock.advance(100);
  expect([said(world).length, await outdated(world)]).toEqual([1, 4]);
  await stop(world, running);
});

test('repeats are no such changes: of the same generation, or of an older one that came before', async () => {
  const world = setup();
  await world.send(
    message([1, 2, 3], session, 5),
    message([3], session, 5),
    message([1, 2, 3, 4], session, 7),
    message([3, 4], session, 5),
  );
  const running = world.start();
  await world.clock.advance(100);
  expect(world.output.got).toEqual(['c1', 'c2', 'c3', 'c1', 'c2', 'c3', 'c4']);
  expect([said(world), await outdated(world)]).toEqual([[], 0]);
  await stop(world, running);
});
