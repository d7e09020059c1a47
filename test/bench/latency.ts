/**
 * From the commit to the console of a processor, with a poll interval of 1 s and no capture delay: two processes, one
 * row at a time, each in a table drawn by lot.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StampedEvent } from '@dstream/core';
import { createCapturedTable } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';
import { figure, type Figure } from './figure.ts';
import { median, percentile } from './statistics.ts';

const samples = 200;
const meanPauseMs = 75;

export async function latency(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const count of [1, 20, 100]) figures.push(...(await latencyOf(count)));
  return figures;
}

async function latencyOf(count: number): Promise<readonly Figure[]> {
  const committedAtMs = new Map<number, number>();
  const latenciesMs: number[] = [];
  const arrive = ({ data }: StampedEvent) => {
    const at = committedAtMs.get(Number(data?.['N']));
    if (at !== undefined) latenciesMs.push(performance.now() - at);
  };
  await using pipeline = await Pipeline.start({}, arrive);
  const tables = Array.from({ length: count }, (_, n) => `T${n + 1}`);
  for (const table of tables) await createCapturedTable(pipeline.database, table);
  await startBoth(pipeline, tables);
  for (let n = 1; n <= samples; n += 1) {
    const table = tables[Math.floor(Math.random() * count)] ?? '';
    await pipeline.database.query(`INSERT INTO dbo.[${table}] (N) VALUES (${n})`);
    committedAtMs.set(n, performance.now());
    await sleep(meanPauseMs * (0.5 + Math.random()));
  }
  await pipeline.arrivedDistinct(samples);
  const name = `latency, commit to console, ${count} table${count === 1 ? '' : 's'}`;
  return [
    figure(`${name}, median`, median(latenciesMs), 'ms'),
    figure(`${name}, p99`, percentile(latenciesMs, 0.99), 'ms'),
  ];
}

/** Resolves when every table is owned: what is measured is the steady state. */
async function startBoth(pipeline: Pipeline, tables: readonly string[]): Promise<void> {
  const config = await pipeline.config({ tables, pollInterval: '1s', maxPollInterval: '1s' });
  const ingester = pipeline.run('ingester', config);
  const processor = pipeline.run('processor', config);
  await processor.logged('processor ready');
  const owned = () => ingester.logs.filter((line) => line.includes('acquired table')).length;
  await until(
    () => owned() === tables.length,
    () => `all tables are owned; ${owned()} are`,
    60_000,
  );
}
