/** Signs in to Microsoft Entra ID: the one place that knows `@azure/identity`. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientSecretCredentialOptions } from '@azure/identity';
import type { CredentialOf, Identity, TokenCredential } from '@dstream/core';
import { settingsError, signInError, type TokenRequest } from './sign-in-error.ts';

type Library = typeof import('@azure/identity');

/** Tests give an environment and a library of their own. */
export interface AzureCredentialOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loaded when the first token is asked for: it takes 0.1 s and 40 MB, and most processes need none. */
  readonly load: () => Promise<Library>;
}

const usual: AzureCredentialOptions = { env: process.env, load: () => import('@azure/identity') };

/**
 * The credentials of a process, one per identity, made at the first token. Called once per process; connections without a
 * connection string ask them for tokens. The library keeps tokens and renews them in time. `getToken` rejects with what
 * `signInError` makes of a failure.
 */
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

interface Request {
  readonly url: string;
}

interface Reply {
  readonly status: number;
}

/** A `PipelinePolicy` of the Azure clients, as far as it is needed here. */
interface WatchingPolicy {
  readonly name: string;
  sendRequest<Q extends Request, R extends Reply>(request: Q, next: (request: Q) => Promise<R>): Promise<R>;
}

/**
 * What happened on the wire while one token was asked for. The errors of `@azure/identity` do not distinguish an identity
 * that is missing from a token service that is out of reach (both are CredentialUnavailableError, or an
 * AuthenticationError 400), so the requests are watched: a policy in the pipeline of its clients.
 */
class SignInAttempts {
  readonly #current = new AsyncLocalStorage<TokenRequest[]>();

  /** Goes into `additionalPolicies` at `perCall`, where the client's own retries are one request. */
  readonly policy: WatchingPolicy = {
    name: 'dstreamSignInAttempts',
    sendRequest: async (request, next) => {
      const host = hostOf(request.url);
      try {
        const reply = await next(request);
        this.#current.getStore()?.push({ host, status: reply.status });
        return reply;
      } catch (error) {
        this.#current.getStore()?.push({ host, status: undefined });
        throw error;
      }
    },
  };

  /** Runs `attempt` and, when it fails, hands its error and its requests to `explain` and throws the answer. */
  async watch<T>(
    attempt: () => Promise<T>,
    explain: (error: unknown, requests: readonly TokenRequest[]) => Error,
  ): Promise<T> {
    const requests: TokenRequest[] = [];
    try {
      return await this.#current.run(requests, attempt);
    } catch (error) {
      throw explain(error, requests);
    }
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
