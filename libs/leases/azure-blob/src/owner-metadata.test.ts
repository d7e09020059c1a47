import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromAscii, toAscii } from './owner-metadata.ts';

describe('text in metadata', () => {
  test('is ASCII and comes back unchanged, whatever it is', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        const ascii = toAscii(text);
        return /^[\x21-\x7e]*$/.test(ascii) && fromAscii(ascii) === text;
      }),
    );
  });

  test.each(['a\ud800b', '\udc00', '%uD800', '%', '🙂', '\ude00\ud83d'])(
    '%j comes back unchanged',
    (text) => {
      expect(toAscii(text)).toMatch(/^[\x21-\x7e]*$/);
      expect(fromAscii(toAscii(text))).toBe(text);
    },
  );

  test('what we did not write is no text', () => {
    expect(fromAscii('50%')).toBeUndefined();
    expect(fromAscii('%FF')).toBeUndefined();
  });
});
