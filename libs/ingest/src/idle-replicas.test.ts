/** Replicas that leave tables to nobody: with another list of tables, or unable to acquire. */
import { silentLog, type Log, type LogFields } from '@dstream/core';
import { expect, test } from 'vitest';
import { ids, leaseDurationMs, sent, setup, startReplica } from '../../../test/support/ingester-rig.ts';
import { freshMs } from './partition-list.ts';

const untilIdleMs = 2 * leaseDurationMs + freshMs + 10_000;
const warning = /does not acquire its share of the tables/;

function recording() {
  const said: { sentence: string; fields: LogFields | undefined }[] = [];
  const warn = (sentence: string, fields?: LogFields) => void said.push({ sentence, fields });
  const log: Log = { ...silentLog, warn, child: () => log };
  return { log, warnings: () => said.filter(({ sentence }) => warning.test(sentence)) };
}

const tablesOf = ({ owned }: ReturnType<typeof startReplica>) => owned().map(({ table }) => table);

test('replicas with different tables in one container own all of them, and each logs that the other takes none', async () => {
  const world = setup(['A', 'B', 'C', 'D']);
  const others = setup(['E', 'F', 'G', 'H']);
  const [one, two] = [recording(), recording()];
  const first = world.start('r1', one.log);
  const second = startReplica('r2', { ...world, source: others.source }, two.log);
  await world.clock.advance(untilIdleMs);
  expect([tablesOf(first), tablesOf(second)]).toEqual([
    ['dbo.A', 'dbo.B', 'dbo.C', 'dbo.D'],
    ['dbo.E', 'dbo.F', 'dbo.G', 'dbo.H'],
  ]);
  world.source.write('D', 3);
  await world.clock.advance(10 * untilIdleMs);
  expect(sent(world.topic, 'D')).toEqual(ids('D', 3));
  expect([tablesOf(first).length, tablesOf(second).length]).toEqual([4, 4]);
  expect(one.warnings()).toMatchObject([{ fields: { replica: 'r2', tables: 2, example: 's/d/dbo.B' } }]);
  expect(two.warnings()).toHaveLength(1);
  await first.stop();
  await second.stop();
});

test('one that cannot acquire loses its share to the others, and has it again once it can', async () => {
  const world = setup(['A', 'B', 'C', 'D']);
  const { log, warnings } = recording();
  const first = world.start('r1', log);
  await world.clock.advance(5_000);
  const second = world.start('r2');
  const acquire = second.store.tryAcquire.bind(second.store);
  second.store.tryAcquire = () => Promise.reject(new Error('broken'));
  await world.clock.advance(untilIdleMs);
  expect(tablesOf(first)).toEqual(['dbo.A', 'dbo.B', 'dbo.C', 'dbo.D']);
  expect(warnings()).toHaveLength(1);
  second.store.tryAcquire = acquire;
  world.source.write('E', 1);
  await first.kill();
  await world.clock.advance(leaseDurationMs + freshMs + 10_000);
  expect(tablesOf(second)).toHaveLength(5);
  const third = world.start('r3');
  await world.clock.advance(20_000);
  expect(tablesOf(third)).toHaveLength(2);
  await second.stop();
  await third.stop();
});

test('one that acquires slowly is not idle', async () => {
  const world = setup(Array.from({ length: 40 }, (_, n) => `T${n}`));
  const { log, warnings } = recording();
  const first = world.start('r1', log);
  await world.clock.advance(1_000);
  const second = world.start('r2');
  const acquire = second.store.tryAcquire.bind(second.store);
  second.store.tryAcquire = async (table, o) => {
    await world.clock.sleep(20_000, o.signal);
    return acquire(table, o);
  };
  await world.clock.advance(2 * untilIdleMs);
  expect([tablesOf(first).length, tablesOf(second).length]).toEqual([20, 20]);
  expect(warnings()).toEqual([]);
  await first.stop();
  await second.stop();
});

test('the time in which nobody can look does not count', async () => {
  const world = setup(['A', 'B', 'C', 'D']);
  const { log, warnings } = recording();
  const first = world.start('r1', log);
  await world.clock.advance(5_000);
  const second = world.start('r2');
  let away = true;
  const [list, acquire] = [first.store.list.bind(first.store), second.store.tryAcquire.bind(second.store)];
  const gone = new Error('the store is away');
  second.store.tryAcquire = (table, o) => (away ? Promise.reject(gone) : acquire(table, o));
  await world.clock.advance(10_000);
  first.store.list = (o) => (away ? Promise.reject(gone) : list(o));
  await world.clock.advance(2 * untilIdleMs);
  away = false;
  await world.clock.advance(20_000);
  expect([tablesOf(first).length, tablesOf(second).length]).toEqual([2, 2]);
  expect(warnings()).toEqual([]);
  await first.stop();
  await second.stop();
});
