import { expect, test } from 'vitest';
import { addressIn, complaintOf } from './log-line.ts';

test.each([
  ['{"level":"info","msg":"started"}', undefined],
  ['{"level":"warn","msg":"slow","reason":"busy"}', 'slow (busy)'],
  ['{"level":"error","msg":"stopped"}', 'stopped'],
  ['dstream: no server', 'dstream: no server'],
  ['', undefined],
])('%s says %s', (line, complaint) => {
  expect(complaintOf(line)).toBe(complaint);
});

test.each([
  ['{"level":"info","msg":"listening","http":"http://127.0.0.1:4711"}', 'http://127.0.0.1:4711'],
  ['{"level":"info","msg":"started"}', undefined],
  ['http://127.0.0.1:4711', undefined],
])('the address in %s is %s', (line, address) => {
  expect(addressIn(line)).toBe(address);
});
