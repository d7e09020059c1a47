/** Builds what keeps, or only looks at, the leases and checkpoints of a configuration. */
import { randomUUID } from 'node:crypto';
import { AzureBlobLeases } from '@dstream/azure-blob';
import type { Configuration, IngesterConfig } from '@dstream/config';
import {
  DStreamError,
  silentLog,
  type Clock,
  type CredentialOf,
  type InstanceId,
  type LeaseViewer,
  type Log,
} from '@dstream/core';
import { defaultSourceName, parseConnectionString } from '@dstream/sqlserver';
import { located } from './located.ts';

interface LeasesContext {
  readonly instance: InstanceId;
  readonly clock: Clock;
  readonly log: Log;
  readonly credential: CredentialOf;
}

/** Whose leases they are. */
interface Place {
  readonly name: string;
  /** Read when it is used: the catalogue's spelling is known once the database was reached. */
  readonly database: string;
}

export function leasesOf(
  { locks, lease }: IngesterConfig,
  context: LeasesContext,
  place: Place,
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
    source: place.name,
    get database() {
      return place.database;
    },
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
  required(configuration, `${config.path}.db_connection_string`, config.dbConnectionString);
  if (connection.kind === 'connection-string')
    required(configuration, `${config.locks.path}.connection_string`, connection.connectionString);
  const address = located(configuration, `${config.path}.db_connection_string`, () =>
    parseConnectionString(config.dbConnectionString, credential),
  );
  const place = { name: config.name ?? defaultSourceName(address), database: address.database };
  return leasesOf(config, { ...context, log: silentLog, instance: '' as InstanceId }, place);
}

/** A variable that is not set leaves its value blank where the configuration was loaded for `validate`. */
function required(configuration: Configuration, path: string, value: string): void {
  if (value.trim() !== '') return;
  throw new DStreamError(
    'ConfigInvalid',
    `${configuration.where(path)}: the variable it names is not set; the leases are not found without it`,
  );
}
