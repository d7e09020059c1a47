/** What an ingester does when leases of tables cannot be acquired. */
import { DStreamError, silentLog, type InstanceId, type Log, type PartitionId } from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
import { describe, expect, test } from 'vitest';
import { leaseDurationMs, never, setup, partitionOfTable } from '../../../test/support/ingester-rig.ts';

type World = ReturnType<typeof setup>;

describe('an ingester', () => {
  test('a table whose lease cannot be asked for does not keep the others waiting', async () => {
    const world = setup(['A', 'B', 'C']);
    const refused = new DStreamError('Transient', 'no');
    world.leases.replica = () =>
      Object.assign(
        new InMemoryLeases({ instance: 'r1' as InstanceId, durationMs: leaseDurationMs, clock: world.clock }),
        {
          tryAcquire(this: InMemoryLeases, partition: PartitionId, o: { signal: AbortSignal }) {
            if (partition === partitionOfTable('A')) return Promise.reject(refused);
            return InMemoryLeases.prototype.tryAcquire.call(this, partition, o);
          },
        },
      );
    const replica = world.start('r1');
    await world.clock.advance(5_000);
    expect(replica.owned().map(({ table }) => table)).toEqual(['dbo.B', 'dbo.C']);
    await replica.stop();
  });

  test('a table whose lease is refused for a fault of its own has that fault, and the log names it', async () => {
    const world = setup(['A', 'B', 'C']);
    const store = world.leases.replica('r1' as InstanceId);
    const acquire = store.tryAcquire.bind(store);
    const refused = new Map([
      [partitionOfTable('A'), new DStreamError('CheckpointUnreadable', 'it is not JSON')],
      [partitionOfTable('C'), new DStreamError('Unreachable', 'nobody answers')],
    ]);
    const tried: PartitionId[] = [];
    store.tryAcquire = (partition, o) => {
      tried.push(partition);
      const error = refused.get(partition);
      return error === undefined ? acquire(partition, o) : Promise.reject(error);
    };
    world.leases.replica = () => store;
    const said: [string, unknown][] = [];
    const log: Log = {
      ...silentLog,
      error: (sentence, fields) => void said.push([sentence, fields]),
      child: () => log,
    };
    const replica = world.start('r1', log);
    await world.clock.advance(5_000);
    const faultOf = (name: string) =>
      replica.ingester.report().tables.find(({ table }) => table === name)?.fault;
    expect([faultOf('dbo.A'), faultOf('dbo.B')]).toEqual([
      { code: 'CheckpointUnreadable', message: 'it is not JSON' },
      null,
    ]);
    const counts = { example: 'dbo.A', tables: 1, tablesFailingOtherwise: 1 };
    expect(said).toEqual([
      [
        'acquiring tables failed; retrying',
        expect.objectContaining({ code: 'CheckpointUnreadable', ...counts }),
      ],
    ]);
    const series = 'dstream_table_fault{table="dbo.A",code="CheckpointUnreadable"}';
    expect((await replica.scrape()).get(series)).toBe(1);
    const times = (table: string) => tried.filter((one) => one === partitionOfTable(table)).length;
    expect(times('A')).toBe(1);
    expect(times('C')).toBeGreaterThan(2);
    refused.clear();
    await world.clock.advance(10_000);
    expect(replica.owned()).toMatchObject([
      { table: 'dbo.A', fault: null },
      { table: 'dbo.B', fault: null },
      { table: 'dbo.C', fault: null },
    ]);
    expect((await replica.scrape()).has(series)).toBe(false);
    await replica.stop();
  });

  test.each([
    ['its table is not listed any more', 40, (world: World) => world.source.counts.delete('A')],
    [
      'another replica has acquired it',
      4,
      (world: World) =>
        world.leases.replica('r2' as InstanceId).tryAcquire(partitionOfTable('A'), { signal: never }),
    ],
    [
      'the store fails for all',
      10,
      (_: World, fail: (error: DStreamError) => void) => fail(new DStreamError('Unreachable', 'away')),
    ],
  ])('the fault of a refused lease is not shown any more when %s', async (_, afterSeconds, happens) => {
    const world = setup(['A']);
    const replicaOf = world.leases.replica.bind(world.leases);
    const store = replicaOf('r1' as InstanceId);
    const acquire = store.tryAcquire.bind(store);
    let error = new DStreamError('CheckpointUnreadable', 'it is not JSON');
    store.tryAcquire = async (partition, o) => {
      const { held } = await store.list(o);
      if (held.has(partition)) return acquire(partition, o);
      throw error;
    };
    world.leases.replica = (name) => (name === 'r1' ? store : replicaOf(name));
    const replica = world.start('r1');
    await world.clock.advance(2_000);
    const shown = async () =>
      [...(await replica.scrape()).keys()].filter((series) => series.startsWith('dstream_table_fault'));
    expect(await shown()).toEqual(['dstream_table_fault{table="dbo.A",code="CheckpointUnreadable"}']);
    await Promise.resolve(happens(world, (other) => (error = other)));
    await world.clock.advance(afterSeconds * 1_000);
    expect(await shown()).toEqual([]);
    await replica.stop();
  });
});
