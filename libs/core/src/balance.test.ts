import { describe, expect, test } from 'vitest';
import { balance } from './balance.ts';
import type { AnnouncementId, InstanceId, LeaseSnapshot } from './lease-store.ts';
import type { PartitionId } from './table-id.ts';

const id = (announcement: string) => announcement as AnnouncementId;
const ids = (...partitions: readonly string[]) => partitions as readonly PartitionId[];
const sameName = 'ingester' as InstanceId;

function snapshot(instances: string[], held: Record<string, string>): LeaseSnapshot {
  const lease = (owner: string) => ({ owner: sameName, announcement: id(owner), epoch: 1, endless: false });
  return {
    instances: instances.map((one) => ({ instance: sameName, announcement: id(one) })),
    held: new Map(Object.entries(held).map(([partition, owner]) => [partition as PartitionId, lease(owner)])),
  };
}

describe('balance', () => {
  test('one replica takes every partition', () => {
    expect(balance(id('a'), ids('t1', 't2'), snapshot(['a'], {}))).toEqual({
      acquire: ['t1', 't2'],
      release: [],
    });
  });

  test('replicas that start together want different partitions and all of them', () => {
    const partitions = ids('t1', 't2', 't3', 't4', 't5');
    const seen = snapshot(['a', 'b'], {});
    const [a, b] = [balance(id('a'), partitions, seen), balance(id('b'), partitions, seen)];
    expect([...a.acquire, ...b.acquire].sort()).toEqual(partitions);
    expect(Math.abs(a.acquire.length - b.acquire.length)).toBe(1);
  });

  test('the surplus is given back to a newcomer, and no more', () => {
    const held = { t1: 'a', t2: 'a', t3: 'a', t4: 'a', t5: 'a' };
    const seen = snapshot(['a', 'b'], held);
    const all = ids(...Object.keys(held));
    expect(balance(id('a'), all, seen)).toEqual({ acquire: [], release: ['t4', 't5'] });
    expect(balance(id('b'), all, seen)).toEqual({ acquire: [], release: [] });
  });

  test('a partition held by an instance that is gone waits for its lease to end', () => {
    expect(balance(id('a'), ids('t1', 't2'), snapshot(['a'], { t1: 'gone' }))).toEqual({
      acquire: ['t2'],
      release: [],
    });
  });

  test('partitions no longer configured do not count towards the share', () => {
    expect(balance(id('a'), ids('t1'), snapshot(['a', 'b'], { t1: 'a', old: 'b' }))).toEqual({
      acquire: [],
      release: [],
    });
  });
});
