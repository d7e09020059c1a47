import { expect, test } from 'vitest';
import { notices } from './notices.ts';

const named = (name: string) => ({ name, version: '1.0.0', license: 'MIT' });

test('every package is listed with its licence, where it comes from and the files of its licence', () => {
  const text = notices([
    { path: 'node_modules/b', manifest: named('b'), licences: [] },
    {
      path: 'node_modules/a',
      manifest: { ...named('a'), repository: { url: 'git+https://example.org/a.git' } },
      licences: ['LICENSE', 'NOTICE'],
    },
  ]);
  expect(text).toContain(
    'a 1.0.0: MIT\n  https://example.org/a.git\n  node_modules/a/LICENSE\n  node_modules/a/NOTICE\n\n' +
      'b 1.0.0: MIT\n  npm package b\n',
  );
});

test('a package without a licence is refused', () => {
  const { license: _, ...manifest } = named('a');
  expect(() => notices([{ path: 'node_modules/a', manifest, licences: [] }])).toThrow(
    'a 1.0.0 (node_modules/a) names no licence in its package.json',
  );
});
