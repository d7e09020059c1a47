/**
 * What an install may contain. The default one has to work, quietly, with every npm from 10 on; that of `dstream` alone
 * has nothing for development.
 */
import { describe, expect, test } from 'vitest';
import { lockedPackages, productionInstall } from '../../tools/package/locked-packages.ts';

const packages = lockedPackages();
const named = Object.entries(packages).filter(([path]) => path !== '');

test('no package has an install script: npm 10 would run it', () => {
  expect(named.filter(([, one]) => one.hasInstallScript === true).map(([path]) => path)).toEqual([]);
});

test('`engines` stands in the root only: every other package of ours would add a warning', () => {
  const ours = named.filter(([path]) => !path.includes('node_modules/'));
  expect(ours.filter(([, { engines }]) => engines !== undefined).map(([path]) => path)).toEqual([]);
});

describe('npm ci --omit=dev --omit=optional -w apps/dstream installs', () => {
  const installed = productionInstall('apps/dstream');

  test('the command and its libraries, but no stand-in, no playground and nothing in memory', () => {
    const ours = [...installed].filter((path) => !path.includes('node_modules'));
    expect(ours).toEqual(expect.arrayContaining(['apps/dstream', 'apps/ingester', 'libs/sources/sqlserver']));
    const foreseen = /^(apps\/(dstream|ingester|processor)|libs\/(?!memory).*)$/;
    expect(ours.filter((path) => !foreseen.test(path))).toEqual([]);
  });

  test.each(['azurite', 'fast-check', 'mssql', 'oxlint', 'prettier', 'typescript', 'vitest'])(
    'no %s, which the full install has',
    (name) => {
      expect(packages).toHaveProperty([`node_modules/${name}`]);
      expect([...installed].filter((path) => path.endsWith(`node_modules/${name}`))).toEqual([]);
    },
  );
});
