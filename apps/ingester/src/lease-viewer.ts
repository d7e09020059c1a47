import type { Configuration } from '@dstream/config';
import { silentLog, type Clock, type CredentialOf, type InstanceId, type Leases } from '@dstream/core';
import { adapterServices } from '@dstream/runtime/service-context';

/** What opening the lease store needs. */
export interface ViewerContext {
  readonly clock: Clock;
  readonly credential: CredentialOf;
  /** May be loaded for `validate`: only the addresses of source and lease store have to be there. */
  readonly configuration: Configuration;
}

/**
 * What looks at the leases and checkpoints of the ingesters with this configuration, by `overview` only. Connects
 * nothing, and never to the source. Undefined without an ingester block. Rejects with ConfigInvalid, with file and line.
 */
export async function openLeaseViewer(context: ViewerContext): Promise<Leases | undefined> {
  const { ingester: config } = context.configuration;
  if (config === undefined) return undefined;
  const services = adapterServices({ ...context, log: silentLog });
  return await config.locks.open({
    ...services,
    instance: '' as InstanceId,
    leaseDurationMs: config.lease.durationMs,
    source: config.source.outline(config.name, services.hash),
  });
}
