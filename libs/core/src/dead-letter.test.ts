import { describe, expect, test } from 'vitest';
import { deadLetterProperties, failedIndexes, indexesIn } from './dead-letter.ts';
import { maxChangesOfMessage } from './pack.ts';

describe('the properties of a dead letter', () => {
  test('name the failed indexes as ranges, by output', () => {
    const failures = [0, 1, 2, 7].map((index) => ({ index, output: 'crm', reason: 'too large' }));
    expect(deadLetterProperties([...failures, { index: 4, output: 'files', reason: 'refused' }])).toEqual({
      'failed.crm': '0-2,7',
      'failed.files': '4',
      reasons: JSON.stringify([
        { index: 7, output: 'crm', reason: 'too large' },
        { index: 4, output: 'files', reason: 'refused' },
      ]),
    });
  });

  test('cut reasons, never indexes', () => {
    const failures = Array.from({ length: 400 }, (_, n) => ({
      index: n * 2,
      output: '*',
      reason: `reason ${n} ${'x'.repeat(300)}`,
    }));
    const properties = deadLetterProperties(failures);
    expect(String(properties['failed.*']).split(',')).toHaveLength(400);
    expect(String(properties['reasons']).length).toBeLessThanOrEqual(1024);
    expect(JSON.parse(String(properties['reasons']))).not.toEqual([]);
  });

  test.each([1, 2, 3, 20])('fit into a message however much failed, at %i outputs', (outputs) => {
    const indexes = Array.from({ length: maxChangesOfMessage / 2 }, (_, n) => n * 2 + 1);
    const failures = Array.from({ length: outputs }, (_, n) =>
      indexes.map((index) => ({ index, output: `output-${n}`, reason: 'refused' })),
    );
    const properties = deadLetterProperties(failures.flat());
    const sizes = Object.entries(properties).map(([name, value]) => name.length + String(value).length);
    expect(Math.max(...sizes)).toBeLessThan(32_768);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(50_000);
    for (const ranges of failedIndexes(properties).values()) {
      const named = indexesIn(ranges, maxChangesOfMessage);
      expect(indexes.filter((index) => !named.has(index))).toEqual([]);
      expect(named.size === indexes.length).toBe(outputs === 1);
    }
  });

  test('are read again, by output', () => {
    const properties = deadLetterProperties([
      { index: 2, output: 'crm', reason: 'x' },
      { index: 0, output: '*', reason: 'y' },
    ]);
    expect(failedIndexes({ table: 'T', ...properties })).toEqual(
      new Map([
        ['crm', '2'],
        ['*', '0'],
      ]),
    );
  });

  test('name indexes of the message; what is not a range, and what lies beyond, is ignored', () => {
    const indexes = (text: string) => [...indexesIn(text, 9)];
    expect(indexes('0-2,7')).toEqual([0, 1, 2, 7]);
    expect([indexes('8'), indexes('7-999999'), indexes('')]).toEqual([[8], [7, 8], []]);
    expect(indexes('x,3-1,-1,1-')).toEqual([]);
    expect(indexes('5-6,0-2,1,1-3,5')).toEqual([0, 1, 2, 3, 5, 6]);
  });
});
