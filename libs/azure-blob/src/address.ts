import { BlobServiceClient } from '@azure/storage-blob';
import { DStreamError, type TokenCredential } from '@dstream/core';

/** Where a storage account is and how to get in. */
export type BlobAddress =
  /** With its key or with a shared access signature. A secret. */
  | { readonly connectionString: string }
  /** `https://NAME.blob.core.windows.net` and who signs in: the client takes tokens over https only. */
  | { readonly accountUrl: string; readonly credential: TokenCredential };

/**
 * One try a call: the caller retries, and it looks at its deadline first. (The client's own retries wait 4 s and
 * more, beyond what is left of a lease.)
 */
const retryOptions = { maxTries: 1 };

/** Connects nothing. Throws ConfigInvalid, which repeats nothing of a connection string. */
export function openService(address: BlobAddress): BlobServiceClient {
  try {
    return 'connectionString' in address
      ? BlobServiceClient.fromConnectionString(address.connectionString, { retryOptions })
      : new BlobServiceClient(address.accountUrl, address.credential, { retryOptions });
  } catch {
    // The client's error is not kept as the cause: it may quote what it could not read, and that is a secret.
    throw new DStreamError(
      'ConfigInvalid',
      'connectionString' in address
        ? 'the connection string of locks cannot be read: it looks like ' +
            'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net'
        : 'the account_url of locks cannot be used: it looks like https://NAME.blob.core.windows.net',
    );
  }
}
