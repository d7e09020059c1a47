import { expect, test } from 'vitest';
import { compareEnvelopes, envelopesIn } from './compare-envelopes.ts';

const types = { N: 'bigint', B: 'varbinary(9)', T: 'datetime2(3)' };
const committedAt = (ms: number) =>
  `{"version":"3","name":"db1","ts_ms":${ms},"ts_us":${ms}000,"ts_ns":${ms}000000,"table":"T","change_lsn":"a","commit_lsn":"b","event_serial_no":1}`;
const source = committedAt(17);

/** One line, as both of them write it. */
function event(op: string, after: string, from = source): string {
  return `{"before":null,"after":${after},"source":${from},"op":"${op}","ts_ms":1}\n`;
}

const faults = (ours: string, theirs: string) =>
  compareEnvelopes({ types, mostLaterMs: 1 }, envelopesIn(ours), envelopesIn(theirs));

test('events that differ in their names and in the time of writing only are the same', () => {
  const after = '{"N":9223372036854775807,"T":null}';
  const theirs = event('c', after).replace('db1', 'foreign').replace('"ts_ms":1}', '"ts_ms":2}');
  expect(faults(event('c', after), theirs)).toEqual([]);
});

test('what is represented in another way is no fault', () => {
  const ours = '{"T":"2026-11-20T09:15:30.100","B":"__debezium_unavailable_value"}';
  expect(faults(event('c', ours), event('c', '{"T":"2026-11-20T09:15:30.1Z","B":null}'))).toEqual([]);
  expect(faults(event('c', '{}'), event('c', '{}', committedAt(16)))).toEqual([]);
});

test('the insert of a changed key is counted by Debezium only', () => {
  const [removed, inserted] = [event('d', 'null'), event('c', '{}')];
  const counted = event('c', '{}', source.replace('"event_serial_no":1', '"event_serial_no":2'));
  expect(faults(removed + inserted, removed + counted)).toEqual([]);
  expect(faults(inserted, counted)).toEqual(['event 0: source.event_serial_no 1 is 2 in Debezium']);
});

test('fields, values, types and numbers of events that differ are faults', () => {
  const base = event('c', '{"N":1}');
  expect(faults(base, '')).toEqual(['1 events, 0 in Debezium']);
  expect(faults(event('u', '{"N":1}'), base)).toEqual(['event 0: op "u" is "c" in Debezium']);
  expect(faults(event('c', '{"N":"1"}'), base)).toEqual([
    'event 0: after N is a string, in Debezium a number',
  ]);
  expect(faults(event('c', '{"N":2}'), base)).toEqual(['event 0: after N bigint: "2" is 1 in Debezium']);
  expect(faults(base.replace('"op"', '"operation"'), base)[0]).toMatch(/^event 0: the event has .*operation/);
  expect(faults(base, event('c', '{"N":1}', committedAt(15)))).toEqual([
    'event 0: source.ts_ms 17 is 15 in Debezium',
    'event 0: source.ts_us 17000 is 15000 in Debezium',
    'event 0: source.ts_ns 17000000 is 15000000 in Debezium',
  ]);
});
