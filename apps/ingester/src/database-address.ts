import type { Configuration, IngesterConfig } from '@dstream/config';
import type { CredentialOf } from '@dstream/core';
import { parseConnectionString, type SqlServerAddress } from '@dstream/sqlserver';
import { located, requireSet } from './located.ts';

/** Where the database of a configuration is. Connects nothing. Throws ConfigInvalid, with file and line. */
export function databaseAddress(
  configuration: Configuration,
  { path: block, dbConnectionString }: IngesterConfig,
  credential: CredentialOf,
): SqlServerAddress {
  const path = `${block}.db_connection_string`;
  requireSet(configuration, path, dbConnectionString);
  return located(configuration, path, () => parseConnectionString(dbConnectionString, credential));
}
