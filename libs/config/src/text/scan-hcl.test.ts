import { describe, expect, test } from 'vitest';
import { joinDocument } from './hcl-document.ts';
import { parseHcl } from './parse-hcl.ts';
import { scanHcl } from './scan-hcl.ts';

const linesOf = (text: string) => {
  const { attributes, blocks } = scanHcl(text).body;
  return Object.fromEntries([
    ...attributes.map((a) => [a.key, a.line]),
    ...blocks.map((b) => [`${b.type} {`, [b.line, b.endLine]]),
  ]);
};

describe('lines are found through', () => {
  test.each([
    ['comments of all kinds', '# a = 1\n// b {\n/* c = 1\n} */ d = 1 # "\ne = 2', { d: 4, e: 5 }],
    ['strings with braces and comments in them', 'a = "} # { \\" // ["\nb = 1', { a: 1, b: 2 }],
    [
      'heredocs',
      'a = <<EOT\nb = 1\n} "\nEOT\nc = 1\nd = <<-X\n  e = 1\n  X\nf = 2',
      { a: 1, c: 5, d: 6, f: 9 },
    ],
    ['lists over lines', 'a = [\n  "x", # ]\n  "}",\n]\nb = 1', { a: 1, b: 5 }],
    ['nested blocks', 'a {\n  b {\n    c = 1\n  }\n}\nd = 1', { 'a {': [1, 5], d: 6 }],
    ['a block on one line', 'a { b = 1 }\nc = 1', { 'a {': [1, 1], c: 2 }],
    ['interpolations that hold strings', 'a = "${f("}")}"\nb = "$${"\nc = 1', { a: 1, b: 2, c: 3 }],
    ['bare quotes in templates', 'a = "{{ env "X" }} }"\nb = 1', { a: 1, b: 2 }],
    ['Windows line ends', 'a = 1\r\nb {\r\n}\r\n', { a: 1, 'b {': [2, 3] }],
    ['a string that never ends', 'a = "x\nb = 1', { a: 1, b: 2 }],
    ['what is not HCL', ') ? a\n= 3\n]\nb = 1', { b: 4 }],
  ])('%s', (_, text, expected) => expect(linesOf(text)).toEqual(expected));

  test('the items of a list, and which of them are quoted', () => {
    const [list] = scanHcl('\na = [ "x", [1,\n2],\n# no\n"y",\n]').body.attributes;
    expect(list?.items).toEqual([
      { line: 2, quoted: true },
      { line: 2, quoted: false },
      { line: 5, quoted: true },
    ]);
  });
});

describe('the text for the parser', () => {
  test.each([
    ['keeps what is right', 'a = "{{ env \\"X\\" }} {{ env `Y` }}"'],
    ['keeps braces that are no template', 'a = "{{" # }}'],
    ['keeps a template in a comment', '# "{{ env "X" }}"'],
  ])('%s', (_, text) => expect(scanHcl(text).text).toBe(text));

  test('has bare quotes escaped', () => {
    expect(scanHcl('a = "x{{ env "X" }}{{env "Y"}}"').text).toBe('a = "x{{ env \\"X\\" }}{{env \\"Y\\"}}"');
  });

  test('has as many lines as before, and no label or doubled key', () => {
    const { text } = scanHcl('a "x" y {\n  b = 1\n  b = 2\n}\n');
    expect(text).toBe('a       {\n  b = 1\n  b-again-20 = 2\n}\n');
  });

  test('joins with the parsed values in the order of the file', async () => {
    const scan = scanHcl(
      'o "z" {\n k = 1\n}\no {\n k = "{{ env "X" }}"\n k = 3\n}\n__proto__ {\n k = 4\n}\n',
    );
    const parsed = await parseHcl(scan.text);
    const document = joinDocument(scan.body, 'values' in parsed ? parsed.values : {});
    expect(document.blocks.flatMap((b) => b.attributes.map((a) => [a.path, a.line, a.value]))).toEqual([
      ['o.z.k', 2, 1],
      ['o.k', 5, '{{ env "X" }}'],
      ['o.k', 6, 3],
      ['__proto__.k', 9, 4],
    ]);
  });
});

test('deep nesting is measured without being followed', () => {
  expect(scanHcl('a {\n'.repeat(10_000)).depth).toBeGreaterThan(50);
  expect(scanHcl(`a = ${'['.repeat(10_000)}`).depth).toBeGreaterThan(50);
  expect(scanHcl(`a = ${'"${'.repeat(10_000)}`).depth).toBeGreaterThan(50);
});
