/** Builds what keeps, or only looks at, the leases and checkpoints of a configuration. */
import { randomUUID } from 'node:crypto';
import { AzureBlobLeases } from '@dstream/azure-blob';
import type { Configuration, IngesterConfig } from '@dstream/config';
import {
  scopeOf,
  silentLog,
  type ChangeSource,
  type Clock,
  type CredentialOf,
  type InstanceId,
  type LeaseViewer,
  type Log,
} from '@dstream/core';
import { defaultSourceName } from '@dstream/sqlserver';
import { databaseAddress } from './database-address.ts';
import { requireSet } from './located.ts';

interface LeasesContext {
  readonly instance: InstanceId;
  readonly clock: Clock;
  readonly log: Log;
  readonly credential: CredentialOf;
}

export function leasesOf(
  { locks, lease }: IngesterConfig,
  context: LeasesContext,
  source: Pick<ChangeSource, 'scope'>,
): AzureBlobLeases {
  const { connection } = locks;
  const address =
    connection.kind === 'connection-string'
      ? { connectionString: connection.connectionString }
      : { accountUrl: connection.accountUrl, credential: context.credential() };
  return new AzureBlobLeases({
    ...context,
    ...address,
    containerName: locks.containerName,
    source,
    leaseDurationMs: lease.durationMs,
    newId: randomUUID,
  });
}

export interface ViewerContext {
  readonly clock: Clock;
  readonly credential: CredentialOf;
  /** May be loaded for `validate`: only the addresses of database and storage have to be there. */
  readonly configuration: Configuration;
}

/**
 * Who looks at the leases and checkpoints of the ingesters with this configuration. Connects nothing, and never to
 * the database. Undefined without an ingester block. Throws ConfigInvalid, with file and line.
 */
export function composeLeaseViewer(context: ViewerContext): LeaseViewer | undefined {
  const { configuration, credential } = context;
  const { ingester: config } = configuration;
  if (config === undefined) return undefined;
  const { connection } = config.locks;
  if (connection.kind === 'connection-string')
    requireSet(configuration, `${config.locks.path}.connection_string`, connection.connectionString);
  const address = databaseAddress(configuration, config, credential);
  const source = config.name ?? defaultSourceName(address);
  const scope = scopeOf({ source, database: address.database });
  return leasesOf(config, { ...context, log: silentLog, instance: '' as InstanceId }, { scope });
}
