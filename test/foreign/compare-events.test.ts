import type { Row, StampedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { compareEvents, readDebeziumEvent, UNAVAILABLE, type DebeziumEvent } from './compare-events.ts';

const LSN = '0x0000002A000000580002';
const types = { N: 'bigint', T: 'text' };

const ours = (operation: string, data: Row, before?: Row): StampedEvent =>
  ({
    data,
    ...(before && { before }),
    metadata: { operation, origin: { lsn: LSN } },
  }) as unknown as StampedEvent;

const theirs = (op: string, before: unknown, after: unknown): DebeziumEvent =>
  readDebeziumEvent(
    JSON.stringify({ op, before, after, source: { table: 'T', commit_lsn: '0000002a:00000058:0002' } }),
  );

const faults = (...given: Parameters<typeof compareEvents> extends [unknown, ...infer R] ? R : never) =>
  compareEvents(types, ...given).faults;

test('the same changes have no fault, and say which differences were met', () => {
  const line =
    '{"op":"u","before":{"Id":1,"N":null,"T":"__debezium_unavailable_value"},"after":{"Id":1,"N":9223372036854775807,"T":"x"},"source":{"table":"T","commit_lsn":"0000002a:00000058:0002"}}';
  const { faults: found, met } = compareEvents(
    types,
    [ours('update', { Id: 1, N: '9223372036854775807', T: 'x' }, { Id: 1, N: null })],
    [readDebeziumEvent(line)],
  );
  expect(found).toEqual([]);
  expect([...met]).toEqual([UNAVAILABLE, expect.stringContaining('bigint')]);
});

test('a value, an operation, an LSN and a number of changes that differ are faults', () => {
  const inserted = ours('insert', { Id: 1, N: '2' });
  expect(faults([inserted], [theirs('c', null, { Id: 1, N: 3 })])).toEqual([
    'change 0: after N bigint: "2" is 3 in Debezium',
  ]);
  expect(faults([inserted], [theirs('d', { Id: 1, N: 2 }, null)])).toHaveLength(3);
  const moved = { ...theirs('c', null, { Id: 1, N: 2 }), source: { table: 'T', commit_lsn: '0:0:0' } };
  expect(faults([inserted], [moved])).toEqual([`change 0: LSN ${LSN} is 0x000 in Debezium`]);
  expect(faults([inserted], [])).toEqual(['1 changes, 0 in Debezium']);
});

test('a delete is compared with what was there before', () => {
  expect(faults([ours('delete', { Id: 1, N: '2' })], [theirs('d', { Id: 1, N: 2 }, null)])).toEqual([]);
});

test('NULL is not the same as what was not carried', () => {
  const placeholder = theirs('c', null, { Id: 1, T: '__debezium_unavailable_value' });
  expect(faults([ours('insert', { Id: 1, T: null })], [placeholder])).toHaveLength(1);
});
