/** Builds a processor from its configuration: the only place that knows which adapters it is made of. */
import type { Configuration, OutputConfig, ProcessorConfig } from '@dstream/config';
import { DStreamError } from '@dstream/core';
import { ConsolePublisher, jsonLine, prettyLine, standardOutput } from '@dstream/publishers';
import { sha256Hex, type RunningService, type ServiceContext } from '@dstream/runtime';
import { ServiceBusSubscription } from '@dstream/service-bus';
import { processorMetrics } from './processor-metrics.ts';
import { defaultProcessorSettings, type Output } from './processor-parts.ts';
import { Processor } from './processor.ts';

export function composeProcessor(context: ServiceContext<Configuration>): RunningService {
  const config = context.configuration.processor;
  if (config === undefined)
    throw new DStreamError('ConfigInvalid', `${context.configuration.file}: no processor block`);
  const subscription = subscriptionOf(config, context);
  const outputs = config.outputs.map(outputOf);
  const processor = new Processor({
    ...context,
    subscription,
    outputs,
    random: Math.random,
    hash: sha256Hex,
    metrics: processorMetrics(context.metrics),
    settings: { ...defaultProcessorSettings, maxSessions: config.source.maxSessions },
  });
  return {
    name: processor.name,
    run: (stop) => processor.run(stop),
    notReady: () => (processor.ready ? undefined : 'the processor has not reached its outputs yet'),
    isBlocked: () => standardOutput().isBlocked(),
    status: () => processor.report(),
    [Symbol.asyncDispose]: () => dispose(subscription, outputs),
  };
}

function subscriptionOf(
  { source }: ProcessorConfig,
  context: ServiceContext<unknown>,
): ServiceBusSubscription {
  if (source.connection.kind !== 'connection-string') {
    throw new DStreamError('NotBuilt', `${source.path}.namespace: managed identity is not built yet`);
  }
  return new ServiceBusSubscription({ ...source, ...context, address: source.connection });
}

function outputOf(config: OutputConfig): Output {
  const { stream, terminal } = standardOutput();
  const pretty = config.format === 'pretty' || (config.format === 'auto' && terminal);
  const format = pretty ? prettyLine({ colour: terminal }) : jsonLine;
  return { name: config.name, publisher: new ConsolePublisher({ stream, format }) };
}

async function dispose(subscription: ServiceBusSubscription, outputs: readonly Output[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  for (const { publisher } of outputs) stack.use(publisher);
  stack.use(subscription);
}
