import { Metrics } from '@dstream/runtime';
import { expect, test } from 'vitest';
import { ingesterMetrics } from './ingester-metrics.ts';

test('a fault is shown while it lasts, under its newest code only', async () => {
  const metrics = new Metrics();
  const table = ingesterMetrics(metrics);
  table.faulted('dbo.T', 'TableNotFound');
  table.faulted('dbo.T', 'HistoryLost');
  const lines = async () =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('dstream_table_fault'));
  expect(await lines()).toEqual(['dstream_table_fault{table="dbo.T",code="HistoryLost"} 1']);
  table.faulted('dbo.T', undefined);
  expect(await lines()).toEqual([]);
});
