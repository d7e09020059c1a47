import type { TokenCredential } from '@dstream/core';

/**
 * Signs in without a connection string, in the ways of `DefaultAzureCredential`: managed identity, workload identity,
 * environment, command line. The library is loaded when the first token is asked for: most processes need none.
 */
export function azureCredential(): TokenCredential {
  let made: Promise<TokenCredential> | undefined;
  return {
    getToken: async (scopes, options) => {
      made ??= import('@azure/identity').then(({ DefaultAzureCredential }) => new DefaultAzureCredential());
      return await (await made).getToken(scopes, options);
    },
  };
}
