import { expect, test } from 'vitest';
import { complaintOf } from './log-line.ts';

test.each([
  ['{"level":"info","msg":"started"}', undefined],
  ['{"level":"warn","msg":"slow","reason":"busy"}', 'slow (busy)'],
  ['{"level":"error","msg":"stopped"}', 'stopped'],
  ['dstream: no server', 'dstream: no server'],
  ['', undefined],
])('%s says %s', (line, complaint) => {
  expect(complaintOf(line)).toBe(complaint);
});
