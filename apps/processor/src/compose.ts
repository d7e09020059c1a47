/** Builds a processor from its configuration: the only place that knows which adapters it is made of. */
import type { Configuration, OutputConfig, ProcessorConfig } from '@dstream/config';
import { DStreamError } from '@dstream/core';
import { sha256Hex, supervised, type RunningService, type ServiceContext } from '@dstream/runtime';
import {
  processorMetrics,
  type ProcessorMetrics,
  defaultProcessorSettings,
  type Output,
  type ProcessorSettings,
  sessionsAhead,
  Processor,
} from '@dstream/deliver';
import { ServiceBusSubscription } from '@dstream/service-bus-queue';

/** Rejects with ConfigInvalid for a connection string that cannot be read. Connects nothing. */
export async function composeProcessor(context: ServiceContext<Configuration>): Promise<RunningService> {
  const config = context.configuration.processor;
  if (config === undefined)
    throw new DStreamError('ConfigInvalid', `${context.configuration.file}: no processor block`);
  const metrics = processorMetrics(context.metrics);
  return supervised(() => openProcessor(config, context, metrics), context);
}

/** One life of it: made anew when it has failed. */
async function openProcessor(
  config: ProcessorConfig,
  context: ServiceContext<Configuration>,
  metrics: ProcessorMetrics,
): Promise<RunningService> {
  await using opening = new AsyncDisposableStack();
  const outputs: Output[] = [];
  for (const output of config.outputs) outputs.push(await openOutput(output, context, opening));
  // Closed before the outputs: nothing is received any more that would still go to them.
  const subscription = opening.use(subscriptionOf(config, context));
  const processor = new Processor({
    ...context,
    subscription,
    source: `${config.source.topic}/${config.source.subscription}`,
    outputs,
    random: Math.random,
    hash: sha256Hex,
    metrics,
    settings: settingsOf(config),
  });
  const connections = opening.move();
  return {
    name: processor.name,
    run: (stop) => processor.run(stop),
    notReady: () =>
      processor.ready ? undefined : 'the processor has not reached its outputs and its subscription yet',
    isBlocked: () => outputs.some(({ publisher }) => publisher.isBlocked?.() === true),
    activity: () => processor.activity(),
    status: () => processor.report(),
    [Symbol.asyncDispose]: () => connections.disposeAsync(),
  };
}

function settingsOf({ source }: ProcessorConfig): ProcessorSettings {
  const { maxSessions, maxBytes, clockToleranceMs, onHole } = source;
  return { ...defaultProcessorSettings, maxSessions, maxBytes, clockToleranceMs, onHole };
}

function subscriptionOf(
  { source }: ProcessorConfig,
  context: ServiceContext<unknown>,
): ServiceBusSubscription {
  const { connection } = source;
  const address =
    connection.kind === 'connection-string'
      ? connection
      : { ...connection, credential: context.credential() };
  const maxSessions = source.maxSessions + sessionsAhead(source.maxSessions);
  return new ServiceBusSubscription({ ...source, ...context, address, maxSessions });
}

/** @param opening closes its publisher, with whatever else was opened */
async function openOutput(
  config: OutputConfig,
  { clock, log, credential }: ServiceContext<unknown>,
  opening: AsyncDisposableStack,
): Promise<Output> {
  const { name, type, required, bufferBytes } = config;
  const services = { name, clock, log: log.child({ output: name }), random: Math.random, hash: sha256Hex };
  const publisher = opening.use(await config.open({ ...services, credential }));
  return { name, type, required, bufferBytes, publisher };
}
