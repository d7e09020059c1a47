import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RowEncoder } from './row-images.ts';
import { fixedText, Utf8Writer, type Written } from './utf8-writer.ts';

const textOf = ({ memory, from, to }: Written) => memory.toString('utf8', from, to);
const isPlain = (text: string) => /^[ !#-[\]-~]*$/.test(text);
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', minLength: 50 }),
);

describe('a writer', () => {
  test('writes any text as the JSON string that it is, and pieces are never written over', () =>
    fc.assert(
      fc.property(fc.array(fc.array(anyText), { maxLength: 20 }), (groups) => {
        const out = new Utf8Writer();
        const pieces = groups.map((texts) => {
          texts.forEach((text) => out.string(text, isPlain(text)));
          return out.take();
        });
        expect(pieces.map(textOf)).toEqual(
          groups.map((texts) => texts.map((t) => JSON.stringify(t)).join('')),
        );
      }),
    ));

  test.each([0, 1, 4_095, 4_096, 16_384, 100_000, 1_000_000])('takes a text of %d characters', (length) => {
    const out = new Utf8Writer();
    const wanted = ['short', 'ů'.repeat(length), 'x'.repeat(length), 'end'];
    const pieces = wanted.map((text, n) => {
      if (n % 2 === 0) out.ascii(text);
      else out.text(text);
      return out.take();
    });
    expect(pieces.map(textOf)[1]).toBe(wanted[1]);
    expect(pieces.map(textOf).join('')).toBe(wanted.join(''));
  });

  test('takes little more memory than a large value does', () => {
    const out = new Utf8Writer();
    out.string('x'.repeat(8_000_000));
    out.ascii('x'.repeat(1_000));
    expect(out.take().memory.length).toBeLessThan(8_010_000);
  });

  test('a surrogate without its other half is escaped: UTF-8 has no such character', () => {
    const out = new Utf8Writer();
    out.string('a\ud800b');
    expect(textOf(out.take())).toBe(String.raw`"a\ud800b"`);
  });

  test.each(['', '{"a":', '"ů":', 'x'.repeat(500)])('writes the fixed text %j', (text) => {
    const out = new Utf8Writer();
    out.fixed(fixedText(text));
    expect(textOf(out.take())).toBe(text);
  });
});

test('a row is an object in the order of its columns, whatever their names', () => {
  const names = ['b', '1', '__proto__', 'a"b', 'Zákazník', '0'];
  const out = new Utf8Writer();
  const rows = new RowEncoder(names.map((name) => ({ name, plainText: false })));
  rows.write(['x', 1, null, true, 'ů', -0.5], out);
  rows.write(['x', 1, null, true, 'ů', -0.5], out, new Set([0, 5]));
  rows.write(['x', 1, null, true, 'ů', -0.5], out, new Set([0, 1, 2, 3, 4, 5]));
  rows.write(['', -0, Number.NaN, false, 1e21, 5e-324], out, new Set([4]));
  const middle = String.raw`"1":1,"__proto__":null,"a\"b":true,"Zákazník":"ů"`;
  expect(textOf(out.take())).toBe(
    `{"b":"x",${middle},"0":-0.5}{${middle}}{}{"b":"","1":0,"__proto__":null,"a\\"b":false,"0":5e-324}`,
  );
});
