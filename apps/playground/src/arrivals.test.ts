import type { Position, StampedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { Arrivals } from './arrivals.ts';

interface Choice {
  readonly id: string;
  readonly position: string;
  readonly table?: string;
  readonly generation?: number;
}

function change({ id, position, table = 'Orders', generation = 1 }: Choice): StampedEvent {
  return {
    data: { ID: 1 },
    metadata: {
      version: 2,
      id,
      source: 'sqlserver',
      server: 'shop',
      database: 'shop',
      schema: 'dbo',
      table,
      operation: 'insert',
      key: { ID: 1 },
      origin: {},
      sequence: 1,
      committedAt: '2026-01-01T00:00:00.000Z',
      position: position as Position,
      generation,
      epoch: 1,
    },
  };
}

const committedMs = Date.parse('2026-01-01T00:00:00.000Z');

function after(...choices: readonly Choice[]): Arrivals {
  const arrivals = new Arrivals();
  for (const choice of choices) arrivals.add(change(choice), committedMs);
  return arrivals;
}

test('a change that comes again is a repeat, wherever it comes', () => {
  const arrivals = after({ id: 'a', position: '1' }, { id: 'b', position: '2' }, { id: 'a', position: '1' });
  expect(arrivals.counts).toEqual({ delivered: 2, repeats: 1, outOfOrder: 0 });
});

test('a first delivery that is older than an earlier one of its table is out of order', () => {
  const arrivals = after({ id: 'b', position: '2' }, { id: 'a', position: '1' }, { id: 'c', position: '3' });
  expect(arrivals.counts).toEqual({ delivered: 3, repeats: 0, outOfOrder: 1 });
});

test('tables have no order between them', () => {
  const arrivals = after({ id: 'b', position: '2' }, { id: 'a', position: '1', table: 'Products' });
  expect(arrivals.counts.outOfOrder).toBe(0);
});

test('a new generation begins again', () => {
  const arrivals = after({ id: 'b', position: '2' }, { id: 'a', position: '1', generation: 2 });
  expect(arrivals.counts.outOfOrder).toBe(0);
});

test('latency is from commit to the first sight, of what is committed once it is measured', () => {
  const arrivals = new Arrivals();
  arrivals.add(change({ id: 'early', position: '1' }), committedMs + 60_000);
  arrivals.measureFrom(committedMs);
  for (const ms of [30, 10, 20]) arrivals.add(change({ id: `${ms}`, position: `${ms}` }), committedMs + ms);
  arrivals.add(change({ id: '30', position: '30' }), committedMs + 9_000);
  expect([arrivals.latency(0.5), arrivals.latency(0.99), arrivals.lastLatencyMs]).toEqual([20, 30, 20]);
});

test('without an arrival the latency is 0', () => {
  expect(new Arrivals().latency(0.5)).toBe(0);
});
