/** The definition of the lease store azure_blob. Loads the client library only when a store is opened. */
import { randomUUID } from 'node:crypto';
import { conceal, defineLeaseStore, optional, requireOne, text, withDefault } from '@dstream/config/schema';
import type { LeaseServices } from '@dstream/core';
import { blobConnectionString } from './blob-connection-string.ts';
import type { BlobLeasesOptions } from './storage.ts';

const accountUrl = text({
  what: 'a storage account URL',
  pattern: /^https:\/\/[^\s/?#@%\\,]+\/?$/,
  right: 'write "https://NAME.blob.core.windows.net"',
});

/** "Naming and referencing containers, blobs, and metadata". */
const containerName = text({
  what: 'a container name',
  pattern: /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
  right: 'use 3 to 63 lower-case letters, digits and single dashes between them',
});

/** A connection string (secret), or the address of a storage account with managed identity. */
type BlobConnection =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'account-url'; readonly accountUrl: string };

/** `locks { type = "azure_blob" }`. */
export const azureBlobType = defineLeaseStore({
  type: 'azure_blob',
  doc: 'A container of Azure Blob Storage: one leased blob per table holds its lease and its checkpoint.',
  keys: {
    connection_string: optional(
      blobConnectionString,
      'account_url is used',
      'Connection string of the storage account.',
      { secret: true },
    ),
    account_url: optional(
      accountUrl,
      'connection_string is used',
      'URL of the storage account, instead of a connection string: an identity of Microsoft Entra ID signs in.',
    ),
    container_name: withDefault(
      containerName,
      'locks',
      'Container of the blobs. It is created if it does not exist.',
    ),
  },
  settings: (reading, findings) => {
    const { connection_string: connectionString, account_url: url, container_name: name } = reading.values;
    requireOne(reading, 'connection_string', 'account_url', findings);
    const connection: BlobConnection =
      url === undefined
        ? conceal({ kind: 'connection-string', connectionString: connectionString ?? '' }, 'connectionString')
        : { kind: 'account-url', accountUrl: url };
    return { connection, containerName: name };
  },
  what: ({ containerName: name }) => `container ${name}`,
  open: async (settings, services) => {
    const { AzureBlobLeases } = await import('./azure-blob-leases.ts');
    return new AzureBlobLeases(optionsOf(settings, services));
  },
  async *checks(settings, services, o) {
    const { checkLeases } = await import('./check-leases.ts');
    yield* checkLeases(optionsOf(settings, services), o);
  },
});

function optionsOf(
  {
    connection,
    containerName: name,
  }: { readonly connection: BlobConnection; readonly containerName: string },
  services: LeaseServices,
): BlobLeasesOptions {
  const address =
    connection.kind === 'connection-string'
      ? connection
      : { ...connection, credential: services.credential() };
  return { ...services, ...address, containerName: name, newId: randomUUID };
}
