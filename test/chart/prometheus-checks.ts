/** promtool: the alerts, their tests, the rules in what helm rendered, and the text of our metrics. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { metricsText } from '../architecture/metrics-page.ts';
import type { ForeignClient, Report } from '../foreign/foreign-client.ts';
import { build, goOf, promtool, root, run, type RunOptions } from './go-tools.ts';
import { whyOf, type Rendered } from './helm-checks.ts';

const alerts = 'deploy/prometheus/alerts.yaml';
const alertTests = 'deploy/prometheus/alerts.test.yaml';
/** Of deploy/compose.yaml. */
const composeConfig = 'deploy/compose/prometheus.yaml';

const dashboard = 'deploy/grafana/dstream.json';

/** @param rendered filled by the checks before */
export const prometheusChecks = (rendered: readonly Rendered[]): Required<ForeignClient> => ({
  name: 'promtool',
  tools: goOf(promtool),
  limitMs: 6 * 60_000,
  prepare: (signal) => build(promtool, signal),
  run: async (report, signal) => {
    const check = (name: string, args: readonly string[], options?: Partial<RunOptions>) =>
      judge(name, args, report, { signal, ...options });
    await check('check rules', ['check', 'rules', '--lint-fatal', alerts]);
    await check('check config', ['check', 'config', '--lint-fatal', composeConfig]);
    await check('test rules', ['test', 'rules', alertTests]);
    await check('check metrics', ['check', 'metrics'], { input: await metricsText() });
    const panels = dashboardRules(await readFile(join(root, dashboard), 'utf8'));
    await check('queries of the dashboard', ['check', 'rules'], { input: panels });
    for (const { name, version, text } of rendered)
      for (const rules of rulesIn(text))
        await check(`rules of ${name} for Kubernetes ${version}`, ['check', 'rules'], { input: rules });
  },
});

/** The groups of every PrometheusRule, as JSON, which is YAML. */
export function rulesIn(manifests: string): readonly string[] {
  const objects = parseAllDocuments(manifests).map(
    (document) => document.toJS() as { readonly kind?: string; readonly spec?: unknown } | null,
  );
  return objects.flatMap((object) =>
    object?.kind === 'PrometheusRule' ? [JSON.stringify(object.spec)] : [],
  );
}

/** Every query of a dashboard as a recording rule, its variables replaced as Grafana replaces them. */
export function dashboardRules(json: string): string {
  const queries: string[] = [];
  JSON.parse(json, (key, value: unknown) => {
    if (key === 'expr' && typeof value === 'string') queries.push(value);
    return value;
  });
  const rules = queries.map((query, index) => ({
    record: `panel:query:${index}`,
    expr: query.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*'),
  }));
  return JSON.stringify({ groups: [{ name: 'dashboard', rules }] });
}

async function judge(name: string, args: readonly string[], report: Report, options: RunOptions) {
  const result = await run(promtool, args, options);
  if (result.code === 0) report.passed(name);
  else report.failed(name, whyOf({ ...result, stderr: `${result.stderr}\n${result.stdout}` }));
}
