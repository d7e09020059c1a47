import { expect, test } from 'vitest';
import { rulesIn } from './prometheus-checks.ts';

test('the rules of a rendered chart are found among its other objects', () => {
  const manifests =
    '---\nkind: Service\nspec: {}\n---\n# nothing\n---\nkind: PrometheusRule\nspec:\n  groups: []\n';
  expect(rulesIn(manifests)).toEqual(['{"groups":[]}']);
});
