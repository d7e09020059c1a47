/** What `dstream check` looks at for an ingester. */
import type { IngesterConfig } from '@dstream/config';
import { noSourceObserver } from '@dstream/core';
import {
  adapterServices,
  checkedPart,
  sha256Hex,
  type CheckedPart,
  type ServiceContext,
} from '@dstream/runtime/service-context';
import { sourceServices } from './settings.ts';

/** Source, topic and lease store, in this order. Connects nothing. */
export function ingesterChecks(
  config: IngesterConfig,
  context: Pick<ServiceContext<unknown>, 'clock' | 'log' | 'credential' | 'instance'>,
): readonly CheckedPart[] {
  const services = adapterServices(context);
  const { source, topic, locks, lease } = config;
  const forLeases = {
    ...services,
    instance: context.instance,
    leaseDurationMs: lease.durationMs,
    // As the file spells it: an ingester asks the source.
    source: {
      get scope() {
        return source.outline(config.name, sha256Hex).scope;
      },
    },
  };
  return [
    checkedPart({ ...source, path: 'ingester.source' }, sourceServices(config, services, noSourceObserver)),
    checkedPart(topic, { ...services, packMaxBytes: topic.packMaxBytes }),
    checkedPart(locks, forLeases),
  ];
}
