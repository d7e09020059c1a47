import { describe, expect, test } from 'vitest';
import { lineEncoder } from './line-encoder.ts';

describe('encoding lines', () => {
  const lines = [['a', 'ů'], [], ['€'.repeat(3_000)], ['\u{1F40E}', '', 'x'], ['y'.repeat(9_000)]];

  test('each stands behind the one before it, also when they take more memory than the last ones', () => {
    const encode = lineEncoder();
    for (const some of [lines.slice(0, 1), lines, lines.slice(1, 2), lines]) {
      const { bytes, starts } = encode(some);
      const read = some.map((_, n) =>
        Buffer.from(bytes.subarray(starts[n], (starts[n + 1] ?? 0) - 1)).toString('utf8'),
      );
      expect(read).toEqual(some.map((parts) => parts.join('')));
      const all = some.map((parts) => `${parts.join('')}\n`).join('');
      expect(Buffer.from(bytes.subarray(0, starts.at(-1))).toString('utf8')).toBe(all);
    }
  });

  test('what was given before is not written over', () => {
    const encode = lineEncoder();
    const first = encode([['first']]);
    encode([['second']]);
    expect(Buffer.from(first.bytes.subarray(0, 5)).toString('utf8')).toBe('first');
  });

  test('an empty line has its end where the memory ends, too', () => {
    const encode = lineEncoder();
    const empty = Array.from({ length: 4_097 }, () => []);
    const { bytes, starts } = encode(empty);
    expect(bytes.subarray(0, starts.at(-1)).every((byte) => byte === 0x0a)).toBe(true);
    expect(starts.at(-1)).toBe(4_097);
    expect(bytes[4_096]).toBe(0x0a);
  });

  test('of nothing there is nothing', () => {
    expect(lineEncoder()([]).starts).toEqual([0]);
  });
});
