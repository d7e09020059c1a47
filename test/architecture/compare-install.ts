/**
 * Run by `.ci/run` in a checkout after `npm ci --omit=dev --omit=optional -w apps/dstream`: fails unless npm installed
 * what `productionInstall` says, which install.test.ts looks at.
 */
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { productionInstall } from '../../tools/package/locked-packages.ts';

const { packages } = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')) as {
  readonly packages: object;
};
deepStrictEqual(Object.keys(packages).sort(), [...productionInstall('apps/dstream')].sort());
