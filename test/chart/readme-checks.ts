/** helm-docs: the chart's README is what its values and their comments make of it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ForeignClient } from '../foreign/foreign-client.ts';
import { build, goOf, helmDocs, root, run } from './go-tools.ts';
import { whyOf } from './helm-checks.ts';
import { chart } from './values-files.ts';

/** @param update writes the README instead of comparing it */
export const readmeChecks = (update: boolean): Required<ForeignClient> => ({
  name: 'helm-docs',
  tools: goOf(helmDocs),
  limitMs: 2 * 60_000,
  prepare: (signal) => build(helmDocs, signal),
  run: async (report, signal) => {
    const path = join(root, chart, 'README.md');
    const result = await run(helmDocs, ['--chart-search-root', chart, '--dry-run'], { signal });
    if (result.code !== 0) return report.failed('README.md', whyOf(result));
    if (update) await writeFile(path, result.stdout);
    if ((await readFile(path, 'utf8')) === result.stdout) report.passed('README.md');
    else report.failed('README.md', 'it is not up to date: run `npm run test:chart -- --update`');
  },
});
