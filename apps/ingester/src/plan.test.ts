import type { IngesterConfig } from '@dstream/config';
import { expect, test, vi } from 'vitest';
import { planOffline, planOnline, type PlanContext } from './plan.ts';

test('a plan by an ordering that is not known is refused, before the source is asked', async () => {
  const notSet = new Error('the variable ORDER is not set');
  const catalogue = vi.fn<IngesterConfig['source']['catalogue']>();
  const config = {
    source: {
      catalogue,
      outline: () => ({ name: 's', server: 's', database: 'd', scope: 's/d', tables: [] }),
    },
    assertOrderingSet: () => {
      throw notSet;
    },
  } as unknown as IngesterConfig;
  expect(() => planOffline(config)).toThrow(notSet);
  await expect(planOnline(config, {} as PlanContext, { signal: AbortSignal.abort() })).rejects.toBe(notSet);
  expect(catalogue).not.toHaveBeenCalled();
});
