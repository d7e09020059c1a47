import { conceal } from '../schema/conceal.ts';
import type { BlobConnection, LocksConfig } from './configuration.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import type { Reading } from '../schema/reading.ts';
import { optional, withDefault, type BlockSchema } from '../schema/schema.ts';
import { blobConnectionString } from '../values/blob-connection-string.ts';
import { accountUrl, containerName } from '../values/names.ts';
import { choice } from '../values/scalars.ts';
import { requireOne } from '../definitions/broker-connection.ts';

export const locksSchema = {
  type: 'locks',
  doc: 'Where leases and checkpoints of tables are kept.',
  keys: {
    type: withDefault(choice(['azure_blob']), 'azure_blob', 'Kind of store.'),
    connection_string: optional(
      blobConnectionString,
      'account_url is used',
      'Connection string of the storage account.',
      {
        secret: true,
      },
    ),
    account_url: optional(
      accountUrl,
      'connection_string is used',
      'Address of the storage account, instead of a connection string: the managed identity signs in.',
    ),
    container_name: withDefault(containerName, 'locks', 'Container of the blobs.'),
  },
  blocks: [],
} as const satisfies BlockSchema;

export function readLocks(reading: Reading<(typeof locksSchema)['keys']>, context: Context): LocksConfig {
  const { type, connection_string: connectionString, account_url: accountUrl } = reading.values;
  requireOne(reading, 'connection_string', 'account_url', context.problems);
  const connection: BlobConnection =
    accountUrl === undefined
      ? conceal({ kind: 'connection-string', connectionString: connectionString ?? '' }, 'connectionString')
      : { kind: 'account-url', accountUrl };
  const path = canonicalPath(reading.place.path);
  return { path, type, connection, containerName: reading.values.container_name };
}
