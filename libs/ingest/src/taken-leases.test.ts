/** Names that two replicas have, and leases that something else holds. */
import { silentLog, type Lease, type Log, type LogFields } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import {
  ids,
  leaseDurationMs,
  never,
  sent,
  setup,
  partitionOfTable,
} from '../../../test/support/ingester-rig.ts';

function recording() {
  const said: { sentence: string; fields: LogFields | undefined }[] = [];
  const say = (sentence: string, fields?: LogFields) => void said.push({ sentence, fields });
  const log: Log = { ...silentLog, info: say, warn: say, error: say, child: () => log };
  return { log, about: (text: RegExp) => said.filter(({ sentence }) => text.test(sentence)) };
}

describe('two replicas with one name', () => {
  test('share the tables as any two, and each warns once that the name is taken', async () => {
    const world = setup(['A', 'B', 'C', 'D']);
    const [one, two] = [recording(), recording()];
    const [first, second] = [world.start('same', one.log), world.start('same', two.log)];
    await world.clock.advance(20_000);
    for (const table of ['A', 'B', 'C', 'D']) world.source.write(table, 3);
    await world.clock.advance(5_000);
    for (const table of ['A', 'B', 'C', 'D']) expect(sent(world.topic, table)).toEqual(ids(table, 3));
    const own = ({ ingester }: typeof first) => {
      const { announcement, tables } = ingester.report();
      return tables.filter((table) => table.announcement === announcement).map(({ table }) => table);
    };
    expect([own(first).length, own(second).length]).toEqual([2, 2]);
    await world.clock.advance(2 * leaseDurationMs);
    for (const { about } of [one, two])
      expect(about(/same name/)).toMatchObject([{ fields: { instance: 'same', replicas: 2 } }]);
    await first.stop();
    await second.stop();
  });

  test('what a killed process of the same name has left is no reason to warn', async () => {
    const world = setup(['A']);
    await world.leases.replica('same' as never).announce('same' as never, { signal: never });
    const { log, about } = recording();
    const replica = world.start('same', log);
    await world.clock.advance(3 * leaseDurationMs);
    expect(about(/same name/)).toEqual([]);
    await replica.stop();
  });
});

describe('a lease that something else holds', () => {
  /** Renewed for ever by somebody who is not announced. */
  async function heldBy(world: ReturnType<typeof setup>, owner: string) {
    const store = world.leases.replica(owner as never);
    let lease = (await store.tryAcquire(partitionOfTable('A'), { signal: never })) as Lease;
    const until = new AbortController();
    const renewing = (async () => {
      while (!until.signal.aborted) {
        await world.clock.sleep(10_000, until.signal).catch(() => undefined);
        lease = await store.renew(lease, { signal: never });
      }
    })();
    return async () => {
      until.abort();
      await renewing;
      await store.release(lease, { signal: never });
    };
  }

  test('is a fault of its table that names the holder, after two durations and not before; it ends with the lease', async () => {
    const world = setup(['A', 'B']);
    const free = await heldBy(world, 'another-program');
    const { log, about } = recording();
    const replica = world.start('r1', log);
    await world.clock.advance(2 * leaseDurationMs - 1_000);
    expect(replica.ingester.report().tables).toMatchObject([{ fault: null }, { fault: null }]);
    await world.clock.advance(10_000);
    const message = expect.stringContaining('its last owner was another-program (epoch 1)');
    expect(replica.ingester.report().tables).toMatchObject([
      { table: 'dbo.A', fault: { code: 'LeaseHeldElsewhere', message } },
      { table: 'dbo.B', fault: null },
    ]);
    expect(about(/acquiring the table/)).toMatchObject([{ fields: { code: 'LeaseHeldElsewhere' } }]);
    const series = 'dstream_table_fault{table="dbo.A",code="LeaseHeldElsewhere"}';
    expect((await replica.scrape()).get(series)).toBe(1);
    await free();
    await world.clock.advance(8_000);
    expect(replica.owned()).toMatchObject([{ fault: null }, { fault: null }]);
    expect((await replica.scrape()).has(series)).toBe(false);
    await replica.stop();
  });

  test('that never ends is a fault at the second look, whoever the store names', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    const list = replica.store.list.bind(replica.store);
    replica.store.list = async (o) => {
      const { instances } = await list(o);
      const owner = { owner: 'r1' as never, announcement: replica.store.announcement, epoch: 7 };
      return { instances, held: new Map([[partitionOfTable('A'), { ...owner, endless: true }]]) };
    };
    await world.clock.advance(8_000);
    expect(replica.ingester.report().tables).toMatchObject([
      {
        fault: {
          code: 'LeaseHeldElsewhere',
          message: expect.stringMatching(/infinite lease.*r1 \(epoch 7\)/),
        },
      },
    ]);
    await replica.stop();
  });

  test('of a replica that was killed is none: it ends within its duration', async () => {
    const world = setup(['A']);
    const first = world.start('r1');
    await world.clock.advance(3_000);
    await first.kill();
    const { log, about } = recording();
    const second = world.start('r2', log);
    await world.clock.advance(leaseDurationMs + 8_000);
    expect(second.owned()).toHaveLength(1);
    expect(about(/acquiring the table/)).toEqual([]);
    await second.stop();
  });
});
