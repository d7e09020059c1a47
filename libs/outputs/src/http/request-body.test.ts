import type { RoutedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { batchesOf, requestBodyOf, type Batch, type BatchLimits } from './request-body.ts';

const limits: BatchLimits = { form: 'array', maxChanges: 3, maxBytes: 100 };

const entries = (lines: readonly string[], more: Partial<RoutedEvent> = {}) =>
  lines.map((line, index) => ({
    index,
    routed: { event: aChange(index), line: Buffer.from(line), orderingKey: '', ...more },
  }));

function batchOf(lines: readonly string[]): Batch {
  const [batch] = batchesOf(entries(lines), limits);
  if (batch === undefined) throw new Error('there is no batch');
  return batch;
}

const sizes = (lines: readonly string[], of: Partial<BatchLimits> = {}, more: Partial<RoutedEvent> = {}) =>
  batchesOf(entries(lines, more), { ...limits, ...of }).map((batch) => batch.length);

test('a batch ends at its number of changes and before its size', () => {
  expect(sizes(['1', '2', '3', '4', '5', '6', '7'])).toEqual([3, 3, 1]);
  expect(sizes(['x'.repeat(49), 'x'.repeat(49), 'x'])).toEqual([2, 1]);
  expect(sizes(['x', 'x'.repeat(500), 'x', 'x'])).toEqual([1, 1, 2]);
});

test('one that is sent alone is no part of a batch', () => {
  expect(sizes(['1', '2', '3'], { form: 'single' })).toEqual([1, 1, 1]);
  expect(sizes(['1', '2', '3'], {}, { attributes: { id: '1' } })).toEqual([1, 1, 1]);
  const mixed = [...entries(['1', '2']), ...entries(['3'], { contentType: 'application/cloudevents+json' })];
  expect(batchesOf(mixed, limits).map((batch) => batch.length)).toEqual([2, 1]);
});

test.each([
  ['array', '[{"a":1},{"b":"ö"},3]', 'application/json'],
  ['lines', '{"a":1}\n{"b":"ö"}\n3\n', 'application/x-ndjson'],
] as const)('as %s a batch is %j', (form, text, type) => {
  const batch = batchOf(['{"a":1}', '{"b":"ö"}', '3']);
  const { bytes, headers } = requestBodyOf(batch, form);
  expect([Buffer.from(bytes).toString(), headers]).toEqual([text, { 'content-type': type }]);
});

test('an array of one is an array', () => {
  const batch = batchOf(['1']);
  expect(Buffer.from(requestBodyOf(batch, 'array').bytes).toString()).toBe('[1]');
  expect(requestBodyOf(batch, 'single').bytes).toBe(batch[0].routed.line);
});
