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
import { ServiceBusSubscription } from '@dstream/service-bus';

export function composeProcessor(context: ServiceContext<Configuration>): RunningService {
  const config = context.configuration.processor;
  if (config === undefined)
    throw new DStreamError('ConfigInvalid', `${context.configuration.file}: no processor block`);
  const metrics = processorMetrics(context.metrics);
  return supervised(() => openProcessor(config, context, metrics), context);
}

/** One life of it: made anew when it has failed. */
function openProcessor(
  config: ProcessorConfig,
  context: ServiceContext<Configuration>,
  metrics: ProcessorMetrics,
): RunningService {
  const subscription = subscriptionOf(config, context);
  const outputs = config.outputs.map((output) => outputOf(output, context));
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
  return {
    name: processor.name,
    run: (stop) => processor.run(stop),
    notReady: () =>
      processor.ready ? undefined : 'the processor has not reached its outputs and its subscription yet',
    isBlocked: () => outputs.some(({ publisher }) => publisher.isBlocked?.() === true),
    activity: () => processor.activity(),
    status: () => processor.report(),
    [Symbol.asyncDispose]: () => dispose(subscription, outputs),
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

function outputOf(config: OutputConfig, { clock, log, credential }: ServiceContext<unknown>): Output {
  const { name, type, required, bufferBytes } = config;
  const services = { name, clock, log: log.child({ output: name }), random: Math.random, hash: sha256Hex };
  return { name, type, required, bufferBytes, publisher: config.open({ ...services, credential }) };
}

async function dispose(subscription: ServiceBusSubscription, outputs: readonly Output[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  for (const { publisher } of outputs) stack.use(publisher);
  stack.use(subscription);
}
