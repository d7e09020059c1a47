import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metrics, type RegisteredMetric } from '@dstream/runtime';
import { describe, expect, test } from 'vitest';
import { metricsPage, pages, registeredMetrics } from './metrics-page.ts';
import { root } from './workspace.ts';

const all = Object.values(registeredMetrics()).flat();

/** Words that are no base unit, or that the text format adds by itself. */
const notInNames =
  /_(ms|millis|milliseconds|minutes|hours|kb|mb|kilobytes|megabytes|percent|count|sum|bucket)(_|$)/;

/** Labels with few values: tables, outputs and codes are as many as are configured or known. */
const knownLabels = ['table', 'code', 'output', 'reason', 'version', 'certainty', 'transform', 'outcome'];

/** Prometheus' "Metric and label naming". */
function againstConventions({ name, help, type, labels }: RegisteredMetric): readonly string[] {
  const broken: readonly (readonly [boolean, string])[] = [
    [!/^dstream(_[a-z0-9]+)+$/.test(name), 'it is in snake case and begins with dstream_'],
    [name.endsWith('_total') !== (type === 'counter'), 'a counter ends in _total, and nothing else does'],
    [notInNames.test(name), 'units are seconds, bytes and ratios'],
    [type === 'histogram' && !/_(seconds|bytes)$/.test(name), 'a histogram ends in its unit'],
    [/_(seconds|bytes)_(?!total$)/.test(name), 'the unit stands last'],
    [!/^[A-Z0-9].*[^.\s]\.$/.test(help), 'the help is a sentence with its full stop'],
    [/millisecond|\bms\b/.test(help), 'the help speaks of seconds'],
    [labels.some((label) => !knownLabels.includes(label)), 'labels are those with few values'],
  ];
  return broken.filter(([is]) => is).map(([, rule]) => rule);
}

describe('metrics follow the conventions of Prometheus', () => {
  test.each(all)('$name', (metric) => {
    expect(againstConventions(metric)).toEqual([]);
  });

  test('ingester and processor run in one process without a name in common', () => {
    const names = all.map(({ name }) => name);
    expect([...new Set(names)]).toEqual(names);
  });
});

describe.each(pages)('the metrics in %s', (path, processes) => {
  // Run it with `-u` to write the tables anew; what stands around them is written by hand.
  test('are those that are registered, all of them', async () => {
    await expect(metricsPage(path, processes)).toMatchFileSnapshot(join(root, path));
  });
});

describe('metrics that are named exist', () => {
  const files = [
    ...pages.map(([path]) => path),
    'deploy/prometheus/alerts.yaml',
    'deploy/prometheus/alerts.test.yaml',
    'deploy/grafana/dstream.json',
  ];

  test.each(files)('in %s', async (path) => {
    const process = new Metrics();
    process.collectProcess();
    const others = [...(await process.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
    const parts = (name: string) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`];
    const existing = new Set([...all.map(({ name }) => name), ...others].flatMap(parts));
    const text = readFileSync(join(root, path), 'utf8');
    const named = [...text.matchAll(/\b(?:dstream|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);
    expect(named.filter((name) => !existing.has(name))).toEqual([]);
  });
});
