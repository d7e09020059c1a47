/** The checks of `dstream check`: the list in docs/operations.md and the code have the same, and each has a test. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './workspace.ts';

const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

const sources = globSync('{apps,libs}/**/src/**/*.ts', {
  cwd: root,
  exclude: (path) => /node_modules$|(^|\/)dist$/.test(path),
});

/** Of these an adapter's own functions make a result; elsewhere the name is written whole. */
const prefixed: readonly (readonly [folder: string, prefix: string])[] = [
  ['libs/sources/sqlserver/src/check/', 'sqlserver.'],
];

/** What names begin with. A new area is a line here. */
const areas = [
  'configuration',
  'process',
  'service',
  'network',
  'identity',
  'console',
  'file',
  'http',
  'check',
];
const services = ['servicebus', 'eventhubs', 'blobs'];
const whole = new RegExp(`'((?:${[...areas, ...services].join('|')})\\.[a-z]+(?:-[a-z]+)*)'`, 'g');
const shortened = /\b(?:(?:passed|warned|failed|add)\(\s*|check(?::| =) )'([a-z]+(?:-[a-z]+)*)'/g;

function namesIn(path: string): readonly string[] {
  const [, prefix] = prefixed.find(([folder]) => path.startsWith(folder)) ?? [];
  const found = textOf(path).matchAll(prefix === undefined ? whole : shortened);
  return [...found].map(([, name = '']) => `${prefix ?? ''}${name}`);
}

const inCode = new Set(sources.filter((path) => !path.endsWith('.test.ts')).flatMap(namesIn));

function documented(): readonly string[] {
  const [, section = ''] = textOf('docs/operations.md').split('\n## Check\n');
  const rows = (section.split('\n## ')[0] ?? '').matchAll(/^\| `([a-z]+\.[a-z-]+)` \|/gm);
  return [...rows].map(([, name = '']) => name);
}

test('docs/operations.md lists every check once', () => {
  expect(inCode.size).toBeGreaterThan(60);
  expect(documented().toSorted()).toEqual([...inCode].sort());
});

test('every check has a test', () => {
  const tests = [...sources, ...globSync('test/{contract,e2e,integration,support}/**/*.ts', { cwd: root })]
    .filter((path) => path.endsWith('.test.ts') || path.startsWith('test/support/'))
    .map(textOf)
    .join('\n');
  expect([...inCode].filter((name) => !tests.includes(name))).toEqual([]);
});
