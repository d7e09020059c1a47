/** Builds an ingester from its configuration: with `compose-leases.ts` the only place that knows which adapters it is made of. */
import type { Configuration, IngesterConfig } from '@dstream/config';
import { DStreamError } from '@dstream/core';
import { sha256Hex, supervised, type RunningService, type ServiceContext } from '@dstream/runtime';
import {
  ingesterMetrics,
  type IngesterMetrics,
  type IngesterSettings,
  Ingester,
  WatchedCheckpoints,
} from '@dstream/ingest';
import { ServiceBusTopic } from '@dstream/service-bus';
import { SqlServerSource } from '@dstream/sqlserver';
import { leasesOf } from './compose-leases.ts';
import { orderingOf, tableSettings } from './configured-tables.ts';
import { databaseAddress } from './database-address.ts';

type Context = ServiceContext<Configuration>;

/** Rejects with ConfigInvalid, with file and line, for a connection string that cannot be read. Connects nothing. */
export async function composeIngester(context: Context): Promise<RunningService> {
  const config = context.configuration.ingester;
  if (config === undefined)
    throw new DStreamError('ConfigInvalid', `${context.configuration.file}: no ingester block`);
  const metrics = ingesterMetrics(context.metrics, context.clock);
  return supervised(async () => openIngester(config, context, metrics), context);
}

/** One life of it: made anew when it has failed. */
function openIngester(config: IngesterConfig, context: Context, metrics: IngesterMetrics): RunningService {
  const source = sourceOf(config, context, metrics);
  const topic = topicOf(config, context);
  const leases = leasesOf(config, context, source);
  const ingester = new Ingester({
    ...context,
    source,
    topic,
    leases,
    checkpoints: new WatchedCheckpoints(leases, context.log),
    names: { topic: `topic ${config.topic.name}`, leases: `container ${config.locks.containerName}` },
    random: Math.random,
    metrics,
    settings: settingsOf(config),
  });
  return {
    name: ingester.name,
    run: (stop) => ingester.run(stop),
    notReady: () =>
      ingester.ready ? undefined : 'the ingester has not reached database, topic and locks yet',
    isBlocked: () => false,
    activity: () => metrics.replica.activity(),
    status: () => ingester.report(),
    [Symbol.asyncDispose]: () => dispose(source, topic),
  };
}

/** Every batch becomes at least a message a session: with the usual 500 changes they would hold about 16 each. */
const batchByKey = { changes: 2_000, bytes: 4_194_304 };

function sourceOf(config: IngesterConfig, context: Context, metrics: IngesterMetrics): SqlServerSource {
  const address = databaseAddress(context.configuration, config, context.credential);
  return new SqlServerSource({
    ...context,
    ...(config.name === undefined ? {} : { name: config.name }),
    address,
    tables: config.tables.map(tableSettings),
    start: config.start,
    onGap: config.onGap === 'skip' ? 'skip' : 'stop',
    mode: config.read.mode,
    maxRows: config.read.maxRows,
    maxBytes: config.read.maxBytes,
    ...(config.ordering === 'key' && { batch: batchByKey }),
    random: Math.random,
    observer: metrics.source,
  });
}

function topicOf({ topic }: IngesterConfig, context: Context): ServiceBusTopic {
  const { connection } = topic;
  const address =
    connection.kind === 'connection-string'
      ? connection
      : { ...connection, credential: context.credential() };
  return new ServiceBusTopic({ ...context, address, topic: topic.name });
}

function settingsOf(config: IngesterConfig): IngesterSettings {
  return {
    leaseDurationMs: config.lease.durationMs,
    checkpointIntervalMs: config.checkpoint.intervalMs,
    checkpointIdleIntervalMs: config.checkpoint.idleIntervalMs,
    packMaxBytes: config.topic.packMaxBytes,
    packMaxChanges: config.topic.packMaxChanges,
    ordering: orderingOf(config),
    hash: sha256Hex,
  };
}

async function dispose(source: SqlServerSource, topic: ServiceBusTopic): Promise<void> {
  await using stack = new AsyncDisposableStack();
  stack.use(source);
  stack.use(topic);
}
