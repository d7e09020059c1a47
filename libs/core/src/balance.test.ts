import { describe, expect, test } from 'vitest';
import { balance } from './balance.ts';
import type { AnnouncementId, InstanceId, LeaseSnapshot } from './lease-store.ts';

const id = (announcement: string) => announcement as AnnouncementId;
const sameName = 'ingester' as InstanceId;

function snapshot(instances: string[], held: Record<string, string>): LeaseSnapshot {
  const lease = (owner: string) => ({ owner: sameName, announcement: id(owner), epoch: 1, endless: false });
  return {
    instances: instances.map((one) => ({ instance: sameName, announcement: id(one) })),
    held: new Map(Object.entries(held).map(([table, owner]) => [table, lease(owner)])),
  };
}

describe('balance', () => {
  test('one replica takes every table', () => {
    expect(balance(id('a'), ['t1', 't2'], snapshot(['a'], {}))).toEqual({
      acquire: ['t1', 't2'],
      release: [],
    });
  });

  test('replicas that start together want different tables and all of them', () => {
    const tables = ['t1', 't2', 't3', 't4', 't5'];
    const seen = snapshot(['a', 'b'], {});
    const [a, b] = [balance(id('a'), tables, seen), balance(id('b'), tables, seen)];
    expect([...a.acquire, ...b.acquire].sort()).toEqual(tables);
    expect(Math.abs(a.acquire.length - b.acquire.length)).toBe(1);
  });

  test('the surplus is given back to a newcomer, and no more', () => {
    const held = { t1: 'a', t2: 'a', t3: 'a', t4: 'a', t5: 'a' };
    const seen = snapshot(['a', 'b'], held);
    expect(balance(id('a'), Object.keys(held), seen)).toEqual({ acquire: [], release: ['t4', 't5'] });
    expect(balance(id('b'), Object.keys(held), seen)).toEqual({ acquire: [], release: [] });
  });

  test('a table held by an instance that is gone waits for its lease to end', () => {
    expect(balance(id('a'), ['t1', 't2'], snapshot(['a'], { t1: 'gone' }))).toEqual({
      acquire: ['t2'],
      release: [],
    });
  });

  test('tables no longer configured do not count towards the share', () => {
    expect(balance(id('a'), ['t1'], snapshot(['a', 'b'], { t1: 'a', old: 'b' }))).toEqual({
      acquire: [],
      release: [],
    });
  });
});
