import type { RoutedEvent } from '@dstream/core';
import { expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { jsonLines } from './json-lines.ts';

const event = aChange(1);
const encoded = (line: string): RoutedEvent => ({ event, line, orderingKey: 's' });

test('lines have an end each, whether they arrived as bytes or are encoded here', () => {
  const body = Buffer.from('{"ä":1}\n{"b":2}');
  const arrived: RoutedEvent[] = [
    { ...encoded('{"ä":1}'), utf8: body.subarray(0, 8) },
    { ...encoded('{"b":2}'), utf8: body.subarray(9) },
  ];
  const lines = jsonLines([...arrived, encoded('{"c":"李 🙂"}')]);
  expect(lines.toString()).toBe('{"ä":1}\n{"b":2}\n{"c":"李 🙂"}\n');
  expect(jsonLines([])).toHaveLength(0);
});
