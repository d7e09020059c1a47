import { describe, expect, test } from 'vitest';
import {
  ids,
  leaseDurationMs,
  never,
  point,
  sent,
  setup,
  partitionOfTable,
} from '../../../test/support/ingester-rig.ts';

describe('an ingester', () => {
  test('sends every change of its tables in order, saves how far, and gives the tables back', async () => {
    const world = setup(['A', 'B']);
    world.source.write('A', 5);
    world.source.write('B', 3);
    const replica = world.start('r1');
    await world.clock.advance(5_000);
    expect(sent(world.topic, 'A')).toEqual(ids('A', 5));
    expect(sent(world.topic, 'B')).toEqual(ids('B', 3));
    await replica.stop();
    const snapshot = await world.leases.list({ signal: never });
    expect([snapshot.held.size, snapshot.instances]).toEqual([0, []]);
    expect((await world.leases.load(partitionOfTable('A'), { signal: never }))?.at).toEqual(point(5));
    expect(world.clock.sleeping).toBe(0);
  });

  test('gives a newcomer its share; nothing is lost or repeated by the handover', async () => {
    const world = setup(['A', 'B', 'C', 'D', 'E']);
    const first = world.start('r1');
    await world.clock.advance(5_000);
    expect(first.owned()).toHaveLength(5);
    const second = world.start('r2');
    for (const table of ['A', 'B', 'C', 'D', 'E']) world.source.write(table, 4);
    await world.clock.advance(15_000);
    expect([first.owned().length, second.owned().length]).toEqual([3, 2]);
    for (const table of ['A', 'B', 'C', 'D', 'E']) {
      world.source.write(table, 4);
    }
    await world.clock.advance(5_000);
    for (const table of ['A', 'B', 'C', 'D', 'E']) expect(sent(world.topic, table)).toEqual(ids(table, 8));
    await first.stop();
    await second.stop();
  });

  test('announces where its status is, and reports how many changes a second it sends', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    for (let second = 0; second < 20; second += 1) {
      world.source.write('A', 6);
      await world.clock.advance(1_000);
    }
    expect(await world.leases.overview({ signal: never })).toMatchObject({
      instances: [{ instance: 'r1', address: 'http://r1' }],
    });
    const [report] = replica.owned();
    expect(report).toMatchObject({ key: partitionOfTable('A'), epoch: 1, changes: expect.any(Number) });
    expect(report?.changesPerSecond).toBeGreaterThan(5);
    expect(report?.changesPerSecond).toBeLessThan(7);
    await world.clock.advance(15_000);
    expect(replica.owned()).toMatchObject([{ changesPerSecond: 0 }]);
    await replica.stop();
  });

  test('after a kill another replica goes on from the checkpoint: nothing is lost, what is repeated has the same id', async () => {
    const world = setup(['A']);
    const first = world.start('r1');
    await world.clock.advance(5_000);
    world.source.write('A', 9);
    await world.clock.advance(1_500);
    await first.kill();
    const second = world.start('r2');
    world.source.write('A', 3);
    await world.clock.advance(leaseDurationMs + 10_000);
    const got = sent(world.topic, 'A');
    expect([...new Set(got)]).toEqual(ids('A', 12));
    await expect(world.leases.list({ signal: never })).resolves.toMatchObject({
      held: new Map([[partitionOfTable('A'), expect.objectContaining({ owner: 'r2', epoch: 2 })]]),
    });
    await second.stop();
  });

  test('saves where a new table begins before anything of it is sent', async () => {
    const world = setup(['A']);
    world.source.write('A', 1);
    const first = world.start('r1');
    const seen: unknown[] = [];
    world.topic.failSends(() => {
      void world.leases
        .load(partitionOfTable('A'), { signal: never })
        .then((checkpoint) => seen.push(checkpoint?.at));
      return undefined;
    });
    await world.clock.advance(2_000);
    expect(seen[0]).toEqual(point(0));
    await first.stop();
  });

  test('a generation that begins is saved before anything is sent under it', async () => {
    const world = setup(['A']);
    const first = world.start('r1');
    world.source.write('A', 2);
    await world.clock.advance(3_000);
    await first.stop();
    const before = await world.leases.load(partitionOfTable('A'), { signal: never });
    world.source.renumbered.add('A');
    world.source.write('A', 2);
    const seen: unknown[] = [];
    world.topic.failSends(() => {
      void world.leases
        .load(partitionOfTable('A'), { signal: never })
        .then((checkpoint) => seen.push(checkpoint));
      return undefined;
    });
    const second = world.start('r2');
    await world.clock.advance(3_000);
    const [owned] = second.owned();
    expect(owned?.generation).toBeGreaterThan(before?.generation ?? 0);
    expect(seen[0]).toMatchObject({ at: point(2), generation: owned?.generation });
    expect(sent(world.topic, 'A')).toEqual(ids('A', 4));
    await second.stop();
  });

  test('gives up a table that is configured no more', async () => {
    const world = setup(['A', 'B']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    world.source.counts.delete('B');
    await world.clock.advance(40_000);
    expect((await world.leases.list({ signal: never })).held.size).toBe(1);
    await replica.stop();
  });
});
