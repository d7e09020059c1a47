/** Whatever the parser accepts, the scanner understands the same way: else a key would be at the wrong line or lost. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, type Json } from './hcl-document.ts';
import { parseHcl } from './parse-hcl.ts';
import { scanHcl, type ScannedBody } from './scan-hcl.ts';

const comment = fc.constantFrom('', '# } "', '// {', '/* " { */', ' ');
const text = fc
  .array(
    fc.constantFrom(
      'a',
      ' ',
      '{',
      '}',
      '#',
      '//',
      '/*',
      '\\"',
      '\\\\',
      '$${',
      '%%{',
      '${f("}")}',
      '{{',
      '<<E',
      '[',
      ']',
    ),
  )
  .map((parts) => `"${parts.join('')}"`);
const template = fc.constantFrom(
  '"{{ env "X" }}"',
  '"{{ env \\"X\\" }}"',
  '"{{ env `X` }}"',
  '"{{env "X"}}{{ y }}"',
);
const scalar = fc.oneof(
  text,
  template,
  fc.constantFrom('1', 'true', 'null', 'f({ a = "}" })', '{ a = "]" }'),
);
const list = fc.array(fc.tuple(scalar, comment), { maxLength: 3 }).map((items) => {
  return `[\n${items.map(([item, after]) => `${item}, ${after}\n`).join('')}]`;
});
const heredoc = fc.constantFrom('<<E\n } " {{ env "X" }}\nE', '<<-E\n  # {\n  E', '<<E\nE');
const value = fc.oneof(scalar, list, heredoc);

const { lines } = fc.letrec<{ statement: string; lines: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'medium' },
    fc.tuple(fc.constantFrom('a', 'b', 'c-d', '_e'), value).map(([key, v]) => `${key} = ${v}`),
    fc
      .tuple(fc.constantFrom('x', 'y'), fc.constantFrom('', '"l"', 'm', '"a b" c'), tie('lines'))
      .map(([type, labels, inner]) => `${type} ${labels} {\n${inner}}`),
    fc.constantFrom('', '# a = 1', '/* x {\n */', '// "'),
  ),
  lines: fc
    .array(tie('statement'), { minLength: 1, maxLength: 5, size: 'max' })
    .map((all) => all.map((line) => `${line}\n`).join('')),
}));

/** What is in the parser's result, by the names the scanner gives. */
function sameKeys(body: ScannedBody, values: Json | undefined): void {
  if (!isJsonObject(values)) throw new Error('a block of the scanner is none of the parser');
  const names = [...body.attributes.map((a) => a.parsedKey), ...body.blocks.map((b) => b.type)];
  expect(new Set(names)).toEqual(new Set(Object.keys(values)));
  for (const type of new Set(body.blocks.map((b) => b.type))) {
    const parsed = values[type];
    const scanned = body.blocks.filter((b) => b.type === type);
    expect(Array.isArray(parsed) ? parsed.length : 0).toBe(scanned.length);
    scanned.forEach((block, i) => sameKeys(block, (parsed as readonly Json[])[i]));
  }
}

test('the scanner finds the keys and blocks that the parser finds', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(lines, async (hcl) => {
      const scan = scanHcl(hcl);
      expect(scan.text.split('\n')).toHaveLength(hcl.split('\n').length);
      const parsed = await parseHcl(scan.text);
      if (!('values' in parsed)) return;
      accepted += 1;
      sameKeys(scan.body, parsed.values);
    }),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(400);
});
