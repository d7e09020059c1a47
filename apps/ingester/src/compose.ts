/** Builds an ingester from its configuration, which opens the source, the queue and the lease store that it names. */
import type { Configuration, IngesterConfig } from '@dstream/config';
import { DStreamError } from '@dstream/core';
import { Ingester, IngesterMetrics, type IngesterSettings } from '@dstream/ingest';
import {
  adapterServices,
  sha256Hex,
  supervised,
  type RunningService,
  type ServiceContext,
} from '@dstream/runtime';
import { orderingOf, sourceServices } from './settings.ts';

type Context = ServiceContext<Configuration>;

/** Connects nothing. Rejects with what keeps one of its parts from being opened. */
export async function composeIngester(context: Context): Promise<RunningService> {
  const config = context.configuration.ingester;
  if (config === undefined)
    throw new DStreamError('ConfigInvalid', `${context.configuration.file}: no ingester block`);
  const metrics = new IngesterMetrics(context.metrics, context.clock);
  return await supervised(() => openIngester(config, context, metrics), context);
}

/** One life of it: made anew when it has failed. */
async function openIngester(
  config: IngesterConfig,
  context: Context,
  metrics: IngesterMetrics,
): Promise<RunningService> {
  const services = adapterServices(context);
  await using opened = new AsyncDisposableStack();
  const source = opened.use(await config.source.open(sourceServices(config, services, metrics.source)));
  const { instance } = context;
  const { durationMs: leaseDurationMs } = config.lease;
  const leases = opened.use(await config.locks.open({ ...services, instance, leaseDurationMs, source }));
  const topic = opened.use(await config.topic.open(services));
  const ingester = new Ingester({
    ...context,
    source,
    topic,
    leases,
    checkpoints: leases,
    names: { source: config.source.what, topic: `topic ${config.topic.name}`, leases: config.locks.what },
    random: Math.random,
    metrics,
    settings: settingsOf(config),
  });
  const connections = opened.move();
  return {
    name: ingester.name,
    run: (stop) => ingester.run(stop),
    notReady: () =>
      ingester.ready ? undefined : `the ingester has not reached ${config.source.what}, topic and locks yet`,
    isBlocked: () => false,
    activity: () => metrics.activity(),
    status: () => ingester.report(),
    [Symbol.asyncDispose]: () => connections.disposeAsync(),
  };
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
