import { describe, expect, test } from 'vitest';
import { deadLetterProperties, hasIndex } from './dead-letter.ts';

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

  test('tell whether an index is among them', () => {
    const has = (text: string) => [0, 1, 2, 3, 7, 8].filter((index) => hasIndex(text, index));
    expect([has('0-2,7'), has('8'), has(''), has('x,3-1,-1,1-')]).toEqual([[0, 1, 2, 7], [8], [], []]);
  });
});
