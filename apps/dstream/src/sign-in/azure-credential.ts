/** Signs in to Microsoft Entra ID: the one place that knows `@azure/identity`. */
import type { ClientSecretCredentialOptions } from '@azure/identity';
import type { CredentialOf, Identity, TokenCredential } from '@dstream/core';
import { SignInAttempts } from './sign-in-attempt.ts';
import { settingsError, signInError } from './sign-in-error.ts';

type Library = typeof import('@azure/identity');

export interface AzureCredentialOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loaded when the first token is asked for: it takes 0.1 s and 40 MB, and most processes need none. */
  readonly load: () => Promise<Library>;
}

const usual: AzureCredentialOptions = { env: process.env, load: () => import('@azure/identity') };

/** Credentials of a process, one an identity. The library keeps their tokens, and renews them in time. */
export function azureCredentials({ env, load }: AzureCredentialOptions = usual): CredentialOf {
  const made = new Map<string, TokenCredential>();
  return (identity = { kind: 'default' }) => {
    const key = JSON.stringify(identity, ['kind', 'clientId', 'tenantId', 'clientSecret']);
    const credential = made.get(key) ?? lazyCredential(identity, { env, load });
    made.set(key, credential);
    return credential;
  };
}

/** One that is made at its first token. What cannot be made now may be at the next try. */
function lazyCredential(identity: Identity, { env, load }: AzureCredentialOptions): TokenCredential {
  const attempts = new SignInAttempts();
  const hasIdentityEndpoint = env['IDENTITY_ENDPOINT'] !== undefined;
  let credential: TokenCredential | undefined;
  return {
    getToken: (scopes, options) =>
      attempts.watch(
        async () => {
          const azure = await load();
          credential ??= checked(azure, identity, attempts); // after the wait: others may have waited too
          return credential.getToken(scopes, options);
        },
        (error, requests) => signInError(error, { identity, requests, hasIdentityEndpoint }),
      ),
  };
}

function checked(azure: Library, identity: Identity, attempts: SignInAttempts): TokenCredential {
  try {
    return makeCredential(azure, identity, attempts);
  } catch (error) {
    throw settingsError(error);
  }
}

function makeCredential(azure: Library, identity: Identity, { policy }: SignInAttempts): TokenCredential {
  const options = { additionalPolicies: [{ policy, position: 'perCall' as const }] };
  switch (identity.kind) {
    case 'default':
      return new azure.DefaultAzureCredential(options);
    case 'environment':
      return new azure.EnvironmentCredential(options);
    case 'managed':
      return identity.clientId === undefined
        ? new azure.ManagedIdentityCredential(options)
        : new azure.ManagedIdentityCredential({ ...options, clientId: identity.clientId });
    case 'workload':
      return new azure.WorkloadIdentityCredential({ ...options, ...idsOf(identity) });
    case 'azure-cli':
      return new azure.AzureCliCredential(options);
    case 'service-principal':
      return clientSecretCredential(azure, identity, options);
    default:
      return identity satisfies never;
  }
}

function clientSecretCredential(
  { ClientSecretCredential }: Library,
  { tenantId, clientId, clientSecret }: Extract<Identity, { kind: 'service-principal' }>,
  options: ClientSecretCredentialOptions,
): TokenCredential {
  return new ClientSecretCredential(tenantId, clientId, clientSecret, options);
}

function idsOf({ clientId, tenantId }: { readonly clientId?: string; readonly tenantId?: string }) {
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}
