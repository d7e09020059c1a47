import { expect, test } from 'vitest';
import { dashboardRules, rulesIn } from './prometheus-checks.ts';

test('the rules of a rendered chart are found among its other objects', () => {
  const manifests =
    '---\nkind: Service\nspec: {}\n---\n# nothing\n---\nkind: PrometheusRule\nspec:\n  groups: []\n';
  expect(rulesIn(manifests)).toEqual(['{"groups":[]}']);
});

test('queries of a dashboard become rules, with values for their variables', () => {
  const query = 'sum(rate(a_total{job=~"$job"}[$__rate_interval]))';
  const dashboard = { annotations: [{ expr: 'up' }], panels: [{ targets: [{ expr: query }] }] };
  expect(JSON.parse(dashboardRules(JSON.stringify(dashboard, null, 2)))).toEqual({
    groups: [
      {
        name: 'dashboard',
        rules: [
          { record: 'panel:query:0', expr: 'up' },
          { record: 'panel:query:1', expr: 'sum(rate(a_total{job=~".*"}[5m]))' },
        ],
      },
    ],
  });
});
