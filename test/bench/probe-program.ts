/**
 * An ingester over idle tables, with leases and topic in memory: what a pass costs it. A process of its own, because it
 * measures its own CPU between two probes.
 */
import { silentLog } from '@dstream/core';
import { IngesterMetrics } from '@dstream/ingest';
import { Metrics } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { parseConnectionString, SqlServerSource } from '@dstream/sqlserver';
import { readingIngester } from '../support/reading-ingester.ts';
import { until } from '../support/until.ts';
import { givenOptions } from './bare/report.ts';
import { DroppingTopic } from './dropping-topic.ts';
import { median } from './statistics.ts';

export interface ProbeOptions {
  readonly connectionString: string;
  readonly tables: readonly string[];
  readonly passes: number;
}

export interface ProbeRun {
  /** Median of a pass. */
  readonly cpuMs: number;
}

const pollIntervalMs = 200;
/** From when all tables are read: until the hot code is compiled. With 5 s V8's own threads were still at it, for 0.7 ms a pass. */
const warmUpMs = 15_000;

const { connectionString, tables, passes } = givenOptions() as ProbeOptions;
const done = Promise.withResolvers<void>();
const cpuMs: number[] = [];
let [measuring, before] = [false, process.cpuUsage()];
const metrics = new IngesterMetrics(new Metrics(), systemClock);
const source = new SqlServerSource({
  address: parseConnectionString(connectionString),
  name: 'bench',
  tables: tables.map((table) => ({
    schema: 'dbo',
    table,
    pollIntervalMs,
    maxPollIntervalMs: pollIntervalMs,
  })),
  start: 'latest',
  maxRows: 5_000,
  maxBytes: 8_388_608,
  clock: systemClock,
  log: silentLog,
  random: Math.random,
  observer: { ...metrics.source, probed },
});

/** From one answer to the next: all that the process does, the work of the tables with their answers too. */
function probed(probe: Parameters<typeof metrics.source.probed>[0]): void {
  metrics.source.probed(probe);
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  if (measuring) cpuMs.push((user + system) / 1_000);
  if (cpuMs.length === passes) done.resolve();
}

const ingester = readingIngester({ source, topic: new DroppingTopic(), log: silentLog, metrics });
const never = new AbortController().signal;
void ingester.run({ draining: never, aborted: never });
await until(
  () => ingester.report().tables.filter(({ position }) => position !== null).length === tables.length,
  () => `all ${tables.length} tables are read`,
  240_000,
);
await systemClock.sleep(warmUpMs, never);
process.send?.('measuring');
await new Promise((resolve) => process.once('message', resolve));
measuring = true;
before = process.cpuUsage();
await done.promise;
process.send?.({ cpuMs: median(cpuMs) } satisfies ProbeRun);
