/** The pages that a newcomer reads: what they link to and name has to be there. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { DStreamError, isTableFault, type ErrorCode } from '@dstream/core';
import { dispositions } from '../../libs/core/src/errors.ts';
import { isBroken } from './links.ts';
import { root } from './workspace.ts';

const pages = [
  'README.md',
  'CHANGELOG.md',
  'config/REFERENCE.md',
  'config/METRICS.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** This file names what no other may. */
const self = 'test/architecture/docs.test.ts';

const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

test.each(pages)('%s links only to what is there', (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
  expect(links.filter((link) => !link.includes('://') && isBroken(page, link))).toEqual([]);
});

test.each(pages)('%s names only files that are there', (page) => {
  const named = [
    ...textOf(page).matchAll(/`((?:apps|libs|test|config|deploy)\/[\w./-]+\.(?:ts|md|hcl|sql))`/g),
  ];
  expect(named.map(([, path]) => path ?? '').filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('docs/operations.md explains every error code once, with what happens next', () => {
  const isFault = (code: string) => isTableFault(new DStreamError(code as ErrorCode, ''));
  const all = Object.entries(dispositions);
  const faults = all.filter(([code]) => isFault(code)).map(([code]) => code);
  const others = all.filter(([code]) => !isFault(code)).map(([code, next]) => `${code}: ${next}`);
  expect(
    codesBelow('Table faults')
      .map(([code]) => code)
      .sort(),
  ).toEqual(faults.sort());
  expect(
    codesBelow('Error codes')
      .map((cells) => cells.join(': '))
      .sort(),
  ).toEqual(others.sort());
});

/** The first two cells of the rows below a heading of docs/operations.md that begin with a code. */
function codesBelow(heading: string): readonly (readonly [code: string, next: string])[] {
  const [, section = ''] = textOf('docs/operations.md').split(`\n## ${heading}\n`);
  const rows = (section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm);
  return [...rows].map(([, code = '', next = '']) => [code, next]);
}

/** Our text files, relative to the root. */
const texts = globSync('{apps,config,deploy,docs,libs,test,tools,*.md}/**', {
  cwd: root,
  exclude: (path) => /node_modules$|(^|\/)dist$/.test(path),
}).filter((file) => /\.(?:ts|js|mjs|md|hcl|sql|json|sh|yml)$/.test(file));

test('code and pages refer to no notes that are not in the repository', () => {
  const notes = new RegExp(`\\b(?:${['DESIGN', 'FACTS', 'STAND-INS'].join('|')})\\b`);
  expect(texts.length).toBeGreaterThan(500);
  expect(texts.filter((file) => file !== self && notes.test(textOf(file)))).toEqual([]);
});

test('code names only headings and rules of our pages that are there', () => {
  const sources = texts.filter((file) => file.endsWith('.ts') && file !== self);
  const named = sources.flatMap((file) => [
    ...textOf(file).matchAll(/(docs\/\w+\.md), (?:"([^"]+)"|rule (\d+))/g),
  ]);
  const missing = named.filter(([, page = '', heading, rule]) => {
    const wanted = heading === undefined ? `### Rule ${rule}: ` : `# ${heading}\n`;
    return !textOf(page).includes(wanted);
  });
  expect(named.length).toBeGreaterThan(10);
  expect(missing.map(([text]) => text)).toEqual([]);
});

test('every file on the path of a change is there', () => {
  const [, path = ''] = textOf('docs/architecture.md').split('## The path of a change');
  const steps =
    path
      .split(/\n## /)[0]
      ?.split(/^\*\*\d\. /m)
      .slice(1) ?? [];
  const missing = steps.flatMap((step) => {
    const folder = /· `([^`]+)`/.exec(step)?.[1] ?? '';
    const rows = [...step.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, files]) => files ?? '');
    return rows.flatMap((files) => missingOf(files, folder));
  });
  expect(steps.length).toBeGreaterThan(0);
  expect(missing).toEqual([]);
});

/** Names in one cell: below the folder of the step, or of the first name in the cell where that has a whole path. */
function missingOf(cell: string, folder: string): readonly string[] {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
  const base = names[0]?.startsWith('libs/') === true ? dirname(names[0]) : folder;
  return names
    .map((name) => (name.startsWith('libs/') ? name : join(base, name)))
    .filter((path) => !existsSync(join(root, path)));
}
