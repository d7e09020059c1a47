import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copies } from './chart-copies.ts';
import { root } from './go-tools.ts';

const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

test.each(copies)('%s is in the chart as it is: `npm run test:chart -- --update` copies it', (from, to) => {
  expect(textOf(to)).toBe(textOf(from));
});
