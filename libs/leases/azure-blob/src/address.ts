import { BlobServiceClient } from '@azure/storage-blob';
import { DStreamError, proxyVariable, type TokenCredential } from '@dstream/core';

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

/**
 * Connects nothing. Throws ConfigInvalid, which repeats nothing of a connection string, nor of the address of a proxy.
 */
export function openService(
  address: BlobAddress,
  env: Readonly<Record<string, string | undefined>> = process.env,
): BlobServiceClient {
  try {
    return 'connectionString' in address
      ? BlobServiceClient.fromConnectionString(address.connectionString, { retryOptions })
      : new BlobServiceClient(address.accountUrl, address.credential, { retryOptions });
  } catch {
    // The client's error is not kept as the cause: it may quote what it could not read, and that is a secret.
    throw new DStreamError('ConfigInvalid', proxyProblem(env) ?? addressProblem(address));
  }
}

/** The client reads the proxy's address when it is made, and its error does not say which of the two was wrong. */
function proxyProblem(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const variable = proxyVariable(env);
  if (variable === undefined || URL.canParse(env[variable] ?? '')) return undefined;
  return `the variable ${variable} is not the address of a proxy: write http://HOST:PORT, or unset it`;
}

function addressProblem(address: BlobAddress): string {
  return 'connectionString' in address
    ? 'the connection string of locks cannot be read: it looks like ' +
        'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=core.windows.net'
    : 'the account_url of locks cannot be used: it looks like https://NAME.blob.core.windows.net';
}
