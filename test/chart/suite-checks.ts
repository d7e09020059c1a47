/** helm-unittest: what the chart makes of single values, in the suites of `suites/`. */
import { relative } from 'node:path';
import type { ForeignClient } from '../foreign/foreign-client.ts';
import { build, goOf, helmUnittest, run } from './go-tools.ts';
import { whyOf } from './helm-checks.ts';
import { chart } from './values-files.ts';

export const suiteChecks = (): Required<ForeignClient> => ({
  name: 'helm-unittest',
  tools: goOf(helmUnittest),
  limitMs: 10 * 60_000,
  prepare: (signal) => build(helmUnittest, signal),
  run: async (report, signal) => {
    const suites = relative(chart, 'test/chart/suites/*.yaml');
    const result = await run(helmUnittest, ['--strict', '--file', suites, chart], { signal });
    const [, tests = '0'] = /^Tests:.* (\d+) total$/m.exec(result.stdout) ?? [];
    if (result.code === 0 && tests !== '0') report.passed(`${tests} tests`);
    else report.failed('suites', whyOf({ ...result, stderr: `${result.stderr}\n${result.stdout}` }));
  },
});
