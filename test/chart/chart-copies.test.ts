import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { copies } from './chart-copies.ts';
import { root } from './go-tools.ts';
import { chart } from './values-files.ts';

const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

test.each(copies)('%s is in the chart as it is: `npm run test:chart -- --update` copies it', (from, to) => {
  expect(textOf(to)).toBe(textOf(from));
});

test("the chart's appVersion is the version of dstream: the image that it runs by default", () => {
  const { version } = JSON.parse(textOf('apps/dstream/package.json')) as { readonly version: string };
  const { appVersion } = parse(textOf(`${chart}/Chart.yaml`)) as { readonly appVersion: string };
  expect(appVersion).toBe(version);
});
