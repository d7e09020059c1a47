import type { RoutedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { jsonLines } from './json-lines.ts';

const of = (line: Uint8Array): RoutedEvent => ({ event: aChange(1), line, orderingKey: 's' });

test('lines have an end each, whether they are parts of one body or not', () => {
  const body = Buffer.from('{"ä":1}\n{"b":2}');
  const lines = jsonLines([of(body.subarray(0, 8)), of(body.subarray(9)), of(Buffer.from('{"c":"李 🙂"}'))]);
  expect(lines.toString()).toBe('{"ä":1}\n{"b":2}\n{"c":"李 🙂"}\n');
  expect(jsonLines([])).toHaveLength(0);
});
