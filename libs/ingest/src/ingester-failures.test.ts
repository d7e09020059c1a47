/** What an ingester does when its database, its topic or its leases fail, and when it leaves meanwhile. */
import { bodyText, DStreamError, silentLog, type InstanceId, type Log, type LogFields } from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
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

function recorded() {
  const said: { sentence: string; fields: LogFields | undefined }[] = [];
  const say = (sentence: string, fields?: LogFields) => void said.push({ sentence, fields });
  const log: Log = { ...silentLog, info: say, warn: say, error: say, child: () => log };
  return { said, log, about: () => said.filter(({ sentence }) => /fail|recovered|could not/.test(sentence)) };
}

describe('an ingester', () => {
  test('a table with a fault keeps its lease and reports why; the others go on, and it goes on when the fault is gone', async () => {
    const world = setup(['A', 'B']);
    world.source.faults.set('B', new DStreamError('TableNotCaptured', 'B is not captured'));
    const replica = world.start('r1');
    world.source.write('A', 2);
    world.source.write('B', 2);
    await world.clock.advance(8_000);
    expect(sent(world.topic)).toEqual(ids('A', 2));
    expect(replica.owned()).toMatchObject([
      { table: 'dbo.A', fault: null },
      { table: 'dbo.B', fault: { code: 'TableNotCaptured', message: 'B is not captured' } },
    ]);
    world.source.faults.clear();
    await world.clock.advance(6_000);
    expect(sent(world.topic, 'B')).toEqual(ids('B', 2));
    expect(replica.owned()).toMatchObject([{ fault: null }, { fault: null }]);
    await replica.stop();
  });

  test('waits out a broker that is away: no checkpoint passes it, nothing is lost, the order stays', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    let away = true;
    world.topic.failSends(() => (away ? new DStreamError('Unreachable', 'nobody answers') : undefined));
    world.source.write('A', 7);
    await world.clock.advance(60_000);
    expect(sent(world.topic)).toEqual([]);
    expect((await world.leases.load(partitionOfTable('A'), { signal: never }))?.at).toEqual(point(0));
    away = false;
    await world.clock.advance(60_000);
    expect(sent(world.topic)).toEqual(ids('A', 7));
    await replica.stop();
  });

  test('logs an outage of the database once for all its tables, and its end once', async () => {
    const { said, log, about } = recorded();
    const names = ['A', 'B', 'C', 'D'];
    const world = setup(names);
    const replica = world.start('r1', log);
    await world.clock.advance(3_000);
    const away = new DStreamError('Unreachable', 'the database is away');
    const list = world.source.partitions.bind(world.source);
    world.source.partitions = () => Promise.reject(away);
    for (const name of names) world.source.faults.set(name, away);
    await world.clock.advance(50_000);
    expect(about()).toMatchObject([{ fields: { code: 'Unreachable', reason: 'the database is away' } }]);
    world.source.partitions = list;
    world.source.faults.clear();
    for (const name of names) world.source.write(name, 1);
    await world.clock.advance(60_000);
    expect(about().slice(1)).toMatchObject([{ sentence: 'reading tables recovered', fields: { tables: 4 } }]);
    for (const name of names) world.source.faults.set(name, away);
    for (const name of names) world.source.write(name, 1);
    await world.clock.advance(10_000);
    await replica.stop();
    expect(about().slice(2)).toMatchObject([{ fields: { code: 'Unreachable' } }]);
    expect(said.at(-1)).toMatchObject({ sentence: 'reading tables no longer tried here' });
  });

  test.each([
    ['the topic', 'sending to the topic', 'topic'],
    ['the leases', 'saving checkpoints', 'store'],
  ] as const)('logs an outage of %s once for all tables, not once a table', async (_, what, away) => {
    const { log, about } = recorded();
    const names = ['A', 'B', 'C', 'D'];
    const world = setup(names);
    const replica = world.start('r1', log);
    await world.clock.advance(3_000);
    const nobody = new DStreamError('Unreachable', 'nobody answers');
    const save = replica.store.save.bind(replica.store);
    if (away === 'topic') world.topic.failSends(() => nobody);
    else replica.store.save = () => Promise.reject(nobody);
    for (const name of names) world.source.write(name, 1);
    await world.clock.advance(70_000);
    expect(about()).toMatchObject([
      { sentence: `${what} failed; retrying` },
      { sentence: `${what} still failing; retrying`, fields: { tables: 4 } },
    ]);
    world.topic.failSends(() => undefined);
    replica.store.save = save;
    await world.clock.advance(3_000);
    expect(about().slice(2)).toMatchObject([{ sentence: `${what} recovered`, fields: { tables: 4 } }]);
    await replica.stop();
  });

  test('the fault of a table is seen while saving its checkpoint fails', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    replica.store.save = () => Promise.reject(new DStreamError('Throttled', 'the store is busy'));
    world.source.write('A', 2);
    await world.clock.advance(1_500);
    world.source.faults.set('A', new DStreamError('HistoryLost', 'cleaned up'));
    await world.clock.advance(2_000);
    expect(replica.owned()).toMatchObject([{ fault: { code: 'HistoryLost' } }]);
    const stopping = replica.stop();
    await world.clock.advance(6_000);
    await stopping;
  });

  test('a table that alone fails again and again is tried ever less often, and at once when the others are back', async () => {
    const world = setup(['A', 'B']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    const failed = async () =>
      (await replica.scrape()).get('dstream_table_failures_total{code="Unexpected"}') ?? 0;
    world.source.faults.set('A', new DStreamError('Unexpected', 'a row that nobody understands'));
    await world.clock.advance(600_000);
    const attempts = await failed();
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(40);
    world.source.faults.set('B', new DStreamError('Unreachable', 'the database is away'));
    for (const name of ['A', 'B']) world.source.write(name, 1);
    await world.clock.advance(10_000);
    world.source.faults.clear();
    await world.clock.advance(3_000);
    expect(sent(world.topic, 'A')).toEqual(ids('A', 1));
    await replica.stop();
  });

  test('a lease that the store refuses to release is counted as lost', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    replica.store.release = () => Promise.resolve(false);
    await replica.stop();
    const series = await replica.scrape();
    const of = (name: string) => series.get(`dstream_leases_${name}_total`);
    expect([of('released'), of('lost')]).toEqual([0, 1]);
  });

  test('nothing is acquired before topic, leases and source were reached, and the log names each', async () => {
    const { said, log } = recorded();
    const world = setup(['A']);
    let away = true;
    const connect = world.topic.connect.bind(world.topic);
    world.topic.connect = (o) =>
      away ? Promise.reject(new DStreamError('Unreachable', 'nobody answers')) : connect(o);
    const replica = world.start('r1', log);
    await world.clock.advance(10_000);
    const connected = () =>
      new Set(said.filter(({ sentence }) => sentence === 'connected').map(({ fields }) => fields?.['to']));
    expect(connected()).toEqual(new Set(['container c', 'source s']));
    expect(said.map(({ sentence }) => sentence)).toContainEqual(
      expect.stringContaining('connecting to topic t'),
    );
    expect(await world.leases.list({ signal: never })).toEqual({ held: new Map(), instances: [] });
    away = false;
    await world.clock.advance(30_000);
    expect(connected()).toContain('topic t');
    expect(replica.owned()).toHaveLength(1);
    await replica.stop();
  });

  test('what a person must mend ends it before the first success', async () => {
    const world = setup(['A']);
    world.source.partitions = () => Promise.reject(new DStreamError('LoginFailed', 'the password is wrong'));
    const replica = world.start('r1');
    await expect(replica.running).rejects.toThrow('the password is wrong');
    expect(world.clock.sleeping).toBe(0);
  });

  test('a drain does not wait for a topic that is away: the table is free at once', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    world.topic.failSends(() => new DStreamError('Unreachable', 'nobody answers'));
    world.source.write('A', 3);
    await world.clock.advance(5_000);
    await replica.stop();
    expect((await world.leases.list({ signal: never })).held.size).toBe(0);
    expect(world.clock.sleeping).toBe(0);
  });

  test('what a leaving replica has released is taken by those who stay, while its slowest table still drains', async () => {
    const world = setup(['A', 'B']);
    const first = world.start('r1');
    await world.clock.advance(3_000);
    const second = world.start('r2');
    await world.clock.advance(10_000);
    const [own] = first.owned();
    const gate = Promise.withResolvers<void>();
    world.source.hangAtEnd.set(String(own?.table.slice(4)), gate.promise);
    const leaving = first.stop();
    await world.clock.advance(8_000);
    expect((await world.leases.list({ signal: never })).instances).toMatchObject([{ instance: 'r2' }]);
    gate.resolve();
    await leaving;
    await second.stop();
  });

  test('a store that is back is noticed within seconds, however long the leases are', async () => {
    const world = setup(['A'], 60_000);
    let away = true;
    const replicaOf = world.leases.replica.bind(world.leases);
    world.leases.replica = (instance) => {
      const leases = replicaOf(instance);
      const list = leases.list.bind(leases);
      return Object.assign(leases, {
        list: (o: { signal: AbortSignal }) =>
          away ? Promise.reject(new DStreamError('Unreachable', 'nobody answers')) : list(o),
      });
    };
    const replica = world.start('r1');
    await world.clock.advance(7_000);
    away = false;
    await world.clock.advance(3_000);
    expect(replica.owned().map(({ table }) => table)).toEqual(['dbo.A']);
    await replica.stop();
  });

  test('a change that is too large is said at once, also when nothing else happens', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    world.topic.failSends(() => new DStreamError('MessageTooLarge', 'the limit is 100 bytes'));
    world.source.write('A', 1);
    world.source.idleMs = 3_600_000;
    await world.clock.advance(5_000);
    expect(replica.owned()).toMatchObject([{ fault: { code: 'ChangeTooLarge' } }]);
    await replica.stop();
  });

  test('what was accepted before a change that is too large is not sent again at every look', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    let refused = 0;
    world.topic.failSends((message) => {
      if (!bodyText(message).includes('"id":"A-4"')) return undefined;
      refused += 1;
      return new DStreamError('MessageTooLarge', 'the limit is 100 bytes');
    });
    world.source.write('A', 5);
    await world.clock.advance(30_000);
    expect(refused).toBeGreaterThan(4);
    expect(sent(world.topic)).toEqual(ids('A', 3));
    world.topic.failSends(() => undefined);
    await world.clock.advance(10_000);
    expect(sent(world.topic)).toEqual(ids('A', 5));
    await replica.stop();
  });

  test('a drain tries again to save and release while the store fails for a moment', async () => {
    const world = setup(['A']);
    let failing = false;
    const leases = new InMemoryLeases({
      instance: 'r1' as InstanceId,
      durationMs: leaseDurationMs,
      clock: world.clock,
    });
    const save = leases.save.bind(leases);
    leases.save = (...args) =>
      failing ? Promise.reject(new DStreamError('Throttled', 'the store is busy')) : save(...args);
    world.leases.replica = () => leases;
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    failing = true;
    world.source.write('A', 2);
    await world.clock.advance(1_500);
    const stopped = replica.stop();
    await world.clock.advance(1_000);
    failing = false;
    await world.clock.advance(3_000);
    await stopped;
    expect((await leases.load(partitionOfTable('A'), { signal: never }))?.at).toEqual(point(2));
    expect((await leases.list({ signal: never })).held.size).toBe(0);
  });
});
