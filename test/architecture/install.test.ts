/** What the default install may not contain: `npm ci` has to work, quietly, with every npm from 10 on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './workspace.ts';

interface LockedPackage {
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const named = Object.entries(packages).filter(([path]) => path !== '');

test('no package has an install script: npm 10 would run it', () => {
  expect(named.filter(([, one]) => one.hasInstallScript === true).map(([path]) => path)).toEqual([]);
});

test('`engines` stands in the root only: every other package of ours would add a warning', () => {
  const ours = named.filter(([path]) => !path.includes('node_modules/'));
  expect(ours.filter(([, { engines }]) => engines !== undefined).map(([path]) => path)).toEqual([]);
});
