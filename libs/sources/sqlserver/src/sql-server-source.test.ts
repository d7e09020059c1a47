import { partitionOf, silentLog, type PartitionId } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { parseConnectionString } from './address/connection-string.ts';
import { SqlServerSource } from './sql-server-source.ts';

const never = new AbortController().signal;

function source(name?: string): SqlServerSource {
  const every = (table: string, maxPollIntervalMs: number) => ({
    schema: 'dbo',
    table,
    pollIntervalMs: 1_000,
    maxPollIntervalMs,
  });
  return new SqlServerSource({
    ...(name !== undefined && { name }),
    address: parseConnectionString('Server=db1.example,1444;Database=a/b;User Id=u;Password=p'),
    tables: [every('Cars', 600_000), every('*', 120_000)],
    start: 'earliest',
    maxRows: 10,
    maxBytes: 1_000,
    clock: new ManualClock(),
    log: silentLog,
    random: () => 0,
  });
}

const table = (schema: string, name: string) =>
  partitionOf({ source: 'shop', database: 'a/b', schema, table: name });

test('its scope is its name and its database, as the ids of its partitions begin', () => {
  expect(source('shop').scope).toBe('shop/a%2Fb');
  expect(source().scope).toBe('db1%2Eexample:1444/a%2Fb');
});

test('a table with a fault rests for its longest poll interval', () => {
  const of = source('shop');
  expect(of.faultPauseMs(table('dbo', 'Cars'))).toBe(600_000);
  expect(of.faultPauseMs(table('dbo', 'Bikes'))).toBe(120_000);
});

test.each([table('sales', 'Orders'), 'shop/a%2Fb/slot' as PartitionId])(
  '%s is not read: it is not configured',
  async (partition) => {
    const batches = source('shop').read(partition, undefined, { signal: never });
    await expect(batches.next()).rejects.toMatchObject({ code: 'TableNotFound' });
  },
);
