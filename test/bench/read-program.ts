/**
 * Our reading alone: the source, the pump and the encoding of the ingester, with leases in memory and a topic that drops. A process
 * of its own, asked over the channel; with `changes` it ends when so many were sent, and tells what that took.
 */
import { silentLog } from '@dstream/core';
import { IngesterMetrics } from '@dstream/ingest';
import { Metrics } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { parseConnectionString, SqlServerSource } from '@dstream/sqlserver';
import { readingIngester } from '../support/reading-ingester.ts';
import type { Run } from './alternate.ts';
import { reportRun, givenOptions } from './bare/report.ts';
import { DroppingTopic } from './dropping-topic.ts';

export interface ReadRun extends Run {
  /** Resident memory before the first row. */
  readonly idleMiB: number;
  /** The most until the last. */
  readonly peakMiB: number;
}

export interface ReadOptions {
  readonly connectionString: string;
  readonly changes: number;
}

const { connectionString, changes } = givenOptions() as ReadOptions;
const topic = new DroppingTopic();
const asked = Promise.withResolvers<void>();
const done = Promise.withResolvers<void>();
topic.onChanges = (count) => {
  if (count >= changes) done.resolve();
};
const metrics = new IngesterMetrics(new Metrics(), systemClock);
const source = new SqlServerSource({
  address: parseConnectionString(connectionString),
  name: 'bench',
  tables: [{ schema: 'dbo', table: '*', pollIntervalMs: 200, maxPollIntervalMs: 200 }],
  start: 'earliest',
  maxRows: 5_000,
  maxBytes: 8_388_608,
  clock: systemClock,
  log: silentLog,
  random: Math.random,
  observer: {
    ...metrics.source,
    probed: (probe) => {
      metrics.source.probed(probe);
      asked.resolve();
    },
  },
});
const ingester = readingIngester({ source, topic, log: silentLog, metrics });
const never = new AbortController().signal;
void ingester.run({ draining: never, aborted: never });
// Connections and leases are there, and the tables have been looked up: from here on rows are read.
await asked.promise;
const idleMiB = process.memoryUsage.rss() / 1_048_576;
await reportRun(
  () => done.promise,
  () => ({ idleMiB, peakMiB: process.resourceUsage().maxRSS / 1_024 }),
);
