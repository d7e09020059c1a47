/** What is in the package, and what is not. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { productionInstall } from '../../tools/package/locked-packages.ts';
import { folder, tarball } from './package.ts';

const all = globSync('**/*', { cwd: folder, withFileTypes: true })
  .filter((file) => file.isFile())
  .map((file) => join(file.parentPath, file.name).slice(folder.length + 1));

test('nothing that does not run: no sources, types, source maps or tests, and no Node.js', () => {
  expect(all.filter((file) => /\.(ts|mts|cts|map|tsbuildinfo)$|\.test\.js$/.test(file))).toEqual([]);
  expect(
    all.filter((file) => /^node_modules\/(node-linux|azurite|vitest|typescript|mssql)/.test(file)),
  ).toEqual([]);
  expect(all.filter((file) => /^node_modules\/@dstream\/(memory|stand-ins|playground)/.test(file))).toEqual(
    [],
  );
});

test('every package that an install of production has', () => {
  const installed = [...productionInstall('apps/dstream')].filter((path) =>
    /(^|\/)node_modules\//.test(path),
  );
  const names = (paths: readonly string[]) =>
    new Set(paths.map((path) => path.replace(/^.*node_modules\//, '')).filter((name) => name !== 'dstream'));
  const staged = all.filter((file) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file));
  const stagedNames = names(staged.map((file) => file.slice(0, -'/package.json'.length)));
  expect([...names(installed)].filter((name) => !stagedNames.has(name))).toEqual([]);
});

test('THIRD-PARTY-NOTICES names every package of others', () => {
  const notices = readFileSync(join(folder, 'THIRD-PARTY-NOTICES'), 'utf8');
  expect(notices).toMatch(/^@cdktf\/hcl2json 0\.21\.0: MPL-2\.0$/m);
  const named = [...notices.matchAll(/^ {2}(node_modules\/\S+)$/gm)].map(([, file]) => file ?? '');
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter((file) => !all.includes(file))).toEqual([]);
});

test('the tarball has the folder', () => {
  const packed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
  const files = new Set(packed.split('\n').map((file) => file.replace(/^package\//, '')));
  expect(all.filter((file) => !files.has(file) && !/\.md$/i.test(file))).toEqual([]);
});

test('it stays small', () => {
  const bytes = all.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  expect(bytes / 1e6).toBeLessThan(60);
  expect(statSync(tarball).size / 1e6).toBeLessThan(15);
});
