/** What promtool cannot see of `deploy/prometheus/alerts.yaml`: that each alert is tested and explained. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isBroken } from './links.ts';
import { root } from './workspace.ts';

const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const rules = textOf('deploy/prometheus/alerts.yaml');
const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);

/** Alerts by the number of `alert_rule_test` entries that expect one to fire, or none to. */
function tested(expectation: 'fires' | 'rests'): readonly string[] {
  const entries = textOf('deploy/prometheus/alerts.test.yaml').split(/^ +- (?=\{? ?eval_time:)/m);
  return entries.slice(1).flatMap((entry) => {
    const [, name = ''] = /alertname: (\w+)/.exec(entry) ?? [];
    return entry.includes('exp_alerts:') === (expectation === 'fires') ? [name] : [];
  });
}

test('every alert has a test in which it fires, and one in which it rests', () => {
  expect(alerts.length).toBeGreaterThan(0);
  expect([...new Set(tested('fires'))].sort()).toEqual([...alerts].sort());
  expect([...new Set(tested('rests'))].sort()).toEqual([...alerts].sort());
});

test('every alert names a section that says what to do', () => {
  const runbooks = [...rules.matchAll(/^ +runbook: (\S+)$/gm)].map(([, link = '']) => link);
  expect(runbooks).toHaveLength(alerts.length);
  expect(runbooks.filter((link) => isBroken('README.md', link))).toEqual([]);
});

test('an alert that another one points to exists', () => {
  const named = [...rules.matchAll(/\bDStream[A-Z]\w+/g)].map(([name]) => name);
  expect(named.filter((name) => !alerts.includes(name))).toEqual([]);
});
