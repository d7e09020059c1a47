/** From commit to console, with a poll interval of 1 s and no capture delay: two processes, one row at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StampedEvent } from '@dstream/core';
import { createCapturedTable } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { percentile, type Figure } from './figure.ts';

const samples = 300;
const meanPauseMs = 130;

export async function latency(): Promise<readonly Figure[]> {
  const committedAtMs = new Map<number, number>();
  const latenciesMs: number[] = [];
  const arrive = ({ data }: StampedEvent) => {
    const at = committedAtMs.get(Number(data?.['N']));
    if (at !== undefined) latenciesMs.push(performance.now() - at);
  };
  await using pipeline = await Pipeline.start({}, arrive);
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'], pollInterval: '1s', maxPollInterval: '1s' });
  const ingester = pipeline.run('ingester', config);
  const processor = pipeline.run('processor', config);
  await ingester.logged('owning the table');
  await processor.logged('processor is working');
  for (let n = 1; n <= samples; n += 1) {
    await pipeline.database.query(`INSERT INTO dbo.T (N) VALUES (${n})`);
    committedAtMs.set(n, performance.now());
    await sleep(meanPauseMs * (0.5 + Math.random()));
  }
  await pipeline.arrivedDistinct(samples);
  return [
    {
      name: 'commit to console, interval 1 s, median',
      value: Math.round(percentile(latenciesMs, 0.5)),
      unit: 'ms',
    },
    {
      name: 'commit to console, interval 1 s, p99',
      value: Math.round(percentile(latenciesMs, 0.99)),
      unit: 'ms',
    },
  ];
}
