import { readFileSync } from 'node:fs';
import { Metrics } from '@dstream/runtime';
import { describe, expect, test } from 'vitest';
import { processorMetrics } from './processor-metrics.ts';

interface Described {
  readonly name: string;
  readonly type: string;
  readonly labels: string;
  readonly help: string;
}

/** Rows `| `name` | type | labels | help |` of the README. */
function documented(): readonly Described[] {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = readme.matchAll(/^\| `(dstream_\w+)` +\| (\w+) +\| (.*?) +\| (.*?) +\|$/gm);
  return [...rows].map(([, name = '', type = '', labels = '', help = '']) => ({
    name,
    type,
    labels: labels.replaceAll('`', '').trim(),
    help,
  }));
}

/** Everything that is counted, once. */
async function everything(): Promise<string> {
  const metrics = new Metrics();
  const all = processorMetrics(metrics);
  for (const counter of [all.received, all.completed, all.repeated, all.outdated]) counter.inc(1);
  for (const counter of [all.unreadable, all.sessionsLost, all.stateSaves]) counter.inc(1);
  all.deadLettered.inc({ reason: 'NotDelivered' });
  all.settleSeconds.observe(1);
  all.sessions.set(1);
  const transform = all.transform('t');
  transform.changes('changed', 1);
  transform.seconds.observe(1);
  all.sessionsWaiting.set(1);
  const output = all.output('out');
  output.delivered.inc(1);
  output.deadLettered.inc(1);
  output.latencySeconds.observe(1);
  output.publishSeconds.observe(1);
  output.failed('Unreachable');
  output.waitingChanges.set(1);
  output.waitingBytes.set(1);
  output.dropped('refused', 1);
  output.up.set(1);
  output.breaker.set(1);
  return metrics.text();
}

function registered(text: string): readonly Described[] {
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)\n(.*)$/gm)].map(
    ([, name = '', help = '', type = '', sample = '']) => ({ name, type, labels: labelsOf(sample), help }),
  );
}

function labelsOf(sample: string): string {
  const names = [...sample.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
  return names.filter((label) => label !== 'le').join(', ');
}

describe('the metrics of the processor', () => {
  test('are those that the README documents, word for word', async () => {
    expect(documented()).toEqual(registered(await everything()));
  });

  test('have names and units as Prometheus wants them', async () => {
    const ends = {
      counter: /_total$/,
      histogram: /_seconds$/,
      gauge: /_(held|waiting|up|state|changes|bytes)$/,
    };
    const wrong = registered(await everything()).filter(
      ({ name, type }) => !/^dstream_[a-z_]+$/.test(name) || !ends[type as keyof typeof ends].test(name),
    );
    expect(wrong).toEqual([]);
  });

  test('of dead letters begin at 0, so that the first one is an increase', async () => {
    const metrics = new Metrics();
    processorMetrics(metrics);
    const text = await metrics.text();
    for (const reason of ['MalformedMessage', 'TransformFailed', 'NotDelivered'])
      expect(text).toContain(`dstream_messages_dead_lettered_total{reason="${reason}"} 0`);
  });

  test('of an output begin at 0, so that the first change shows in a rate', async () => {
    const metrics = new Metrics();
    processorMetrics(metrics).output('out');
    const text = await metrics.text();
    expect(text).toContain('dstream_changes_delivered_total{output="out"} 0');
    expect(text).toContain('dstream_changes_dropped_total{output="out",reason="buffer_full"} 0');
  });
});
