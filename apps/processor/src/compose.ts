/** Builds a processor from its configuration, which opens the queue and the outputs that it names. */
import type { Configuration, OutputConfig, ProcessorConfig } from '@dstream/config';
import { DStreamError, type AdapterServices } from '@dstream/core';
import {
  processorMetrics,
  type ProcessorMetrics,
  defaultProcessorSettings,
  type ConfiguredTransform,
  type Output,
  type ProcessorSettings,
  sessionsAhead,
  Processor,
} from '@dstream/deliver';
import {
  adapterServices,
  sha256Hex,
  supervised,
  type RunningService,
  type ServiceContext,
} from '@dstream/runtime';
import { openRouting, openTransform } from './open-transforms.ts';

/** Connects nothing. Rejects when a part cannot be opened. */
export async function composeProcessor(context: ServiceContext<Configuration>): Promise<RunningService> {
  const config = context.configuration.processor;
  if (config === undefined)
    throw new DStreamError('ConfigInvalid', `${context.configuration.file}: no processor block`);
  if (config.outputs.length === 0)
    throw new DStreamError('ConfigInvalid', `${context.configuration.file}: the processor has no output`);
  const metrics = processorMetrics(context.metrics);
  return await supervised(() => openProcessor(config, context, metrics), context);
}

/** One life of a processor: the supervisor opens a new one after a failure. */
async function openProcessor(
  config: ProcessorConfig,
  context: ServiceContext<Configuration>,
  metrics: ProcessorMetrics,
): Promise<RunningService> {
  const services = adapterServices(context);
  await using opening = new AsyncDisposableStack();
  const outputs: Output[] = [];
  for (const output of config.outputs) outputs.push(await openOutput(output, services, opening));
  const transforms: ConfiguredTransform[] = [];
  for (const transform of config.transforms)
    transforms.push(await openTransform(transform, services, opening));
  const { source } = config;
  const maxSessions = source.maxSessions + sessionsAhead(source.maxSessions);
  // Closed before the outputs, which need to be open while messages are received.
  const subscription = opening.use(await source.open({ ...services, maxSessions }));
  const processor = new Processor({
    ...context,
    subscription,
    source: `${source.name.topic}/${source.name.subscription}`,
    subscriptionName: source.name.subscription,
    outputs,
    transforms,
    routing: await openRouting(config),
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
  const { maxSessions, maxWaitingSessions, maxBytes, clockToleranceMs, onHole } = source;
  const own = { maxSessions, maxWaitingSessions, maxBytes, clockToleranceMs, onHole };
  return { ...defaultProcessorSettings, ...own };
}

/** @param opening closes its publisher, with whatever else was opened */
async function openOutput(
  config: OutputConfig,
  services: AdapterServices,
  opening: AsyncDisposableStack,
): Promise<Output> {
  const { name, type, required, bufferBytes, maxInFlight, timeoutMs, retry } = config;
  const log = services.log.child({ output: name });
  const publisher = opening.use(await config.open({ ...services, name, log, timeoutMs }));
  return { name, type, required, bufferBytes, maxInFlight, timeoutMs, retry, publisher };
}
