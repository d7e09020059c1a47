/** Opens the transforms and routes of a configuration: for a processor, and to try them without one. */
import type { ProcessorConfig, TransformConfig } from '@dstream/config';
import type { AdapterServices } from '@dstream/core';
import type { ConfiguredTransform, RoutingRules } from '@dstream/deliver';

/** @param opening closes its transform, with whatever else was opened */
export async function openTransform(
  config: TransformConfig,
  services: AdapterServices,
  opening: AsyncDisposableStack,
): Promise<ConfiguredTransform> {
  const { name, type, match, onError } = config;
  const log = services.log.child({ transform: name });
  const transform = opening.use(await config.open({ ...services, name, log }));
  return { name, type, match, onError, transform };
}

/** Compiles the conditions of routes. */
export async function openRouting({
  routes,
  defaultOutputs,
}: Pick<ProcessorConfig, 'routes' | 'defaultOutputs'>): Promise<RoutingRules> {
  const opened = routes.map(async ({ name, match, when, outputs }) => ({
    name,
    match,
    outputs,
    ...(when && { when: await when.open() }),
  }));
  return { routes: await Promise.all(opened), ...(defaultOutputs && { defaultOutputs }) };
}
