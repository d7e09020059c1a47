/** The metrics of all processes, and the pages whose tables are made from them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metrics, type RegisteredMetric } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { IngesterMetrics } from '../../libs/ingest/src/ingester-metrics.ts';
import { processorMetrics } from '../../libs/deliver/src/processor-metrics.ts';
import { root } from './workspace.ts';

/** Every page with the processes whose metrics it lists. */
export const pages: readonly (readonly [path: string, processes: readonly string[]])[] = [
  ['config/METRICS.md', ['ingester', 'processor', 'both']],
  ['libs/ingest/README.md', ['ingester']],
];

/** What the processes register, with the series of an output and a transform. */
const registrations = {
  ingester: (metrics: Metrics) => new IngesterMetrics(metrics, systemClock),
  processor: (metrics: Metrics) => {
    const { output, transform } = processorMetrics(metrics);
    return [output('console'), transform('columns')];
  },
  both: (metrics: Metrics) => metrics.buildInfo('0.0.0'),
};

/** Registered as the processes register them. */
export function registeredMetrics() {
  const { ingester, processor, both } = registrations;
  return { ingester: registered(ingester), processor: registered(processor), both: registered(both) };
}

/** The text of all of them, as processes that have just started show it. */
export async function metricsText(): Promise<string> {
  const metrics = new Metrics();
  for (const register of Object.values(registrations)) register(metrics);
  return metrics.text();
}

function registered(register: (metrics: Metrics) => unknown): readonly RegisteredMetric[] {
  const metrics = new Metrics();
  register(metrics);
  return metrics.registered;
}

/** The page as it stands, its tables made anew: between `<!-- metrics: ingester -->` and `<!-- end -->`, by process. */
export function metricsPage(path: string, processes: readonly string[]): string {
  const text = readFileSync(join(root, path), 'utf8');
  const metrics = new Map(Object.entries(registeredMetrics()));
  const written = new Set<string>();
  const page = text.replace(
    /(<!-- metrics: (\w+) -->\n)[^]*?(<!-- end -->)/g,
    (_, begin: string, process: string, end: string) => {
      written.add(process);
      return `${begin}${tableOf(metrics.get(process) ?? [])}${end}`;
    },
  );
  const missing = processes.filter((process) => !written.has(process));
  if (missing.length > 0) throw new Error(`${path} has no place for the metrics of: ${missing.join(', ')}`);
  return page;
}

function tableOf(metrics: readonly RegisteredMetric[]): string {
  const rows = [...metrics]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labels, help }) => {
      const of = labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${of} | ${help} |\n`;
    });
  return `| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n${rows.join('')}`;
}
