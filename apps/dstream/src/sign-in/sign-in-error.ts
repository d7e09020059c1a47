/** Failures of `@azure/identity` as errors of ours: by error names, codes and statuses, never by message text. */
import { DStreamError, type ErrorCode, type Identity } from '@dstream/core';

/** A request for a token, as it was seen on the wire. */
export interface TokenRequest {
  readonly host: string;
  /** Status of the reply; undefined when nothing came back. */
  readonly status: number | undefined;
}

/** What is known about an attempt to sign in that failed. */
export interface SignInScene {
  readonly identity: Identity;
  readonly requests: readonly TokenRequest[];
  /** True where a host offers its managed identity by `IDENTITY_ENDPOINT` (App Service, Functions, Container Apps). */
  readonly hasIdentityEndpoint: boolean;
}

/**
 * Address of the instance metadata service, on every machine of Azure and on no other ("Azure Instance Metadata
 * Service"). Elsewhere it is out of reach because there is no managed identity, not because of an outage.
 */
const metadataService = '169.254.169.254';

/**
 * What `getToken` throws. It is temporary (`retry`) when a token service could not be reached or failed; otherwise a
 * person must act (`Unauthorized`), and the message says how.
 */
export function signInError(error: unknown, scene: SignInScene): Error {
  if (error instanceof Error && error.name === 'AbortError') return error; // the caller gave up
  if (error instanceof DStreamError) return error;
  const { identity } = scene;
  const what = `cannot sign in to Microsoft Entra ID with ${chains[identity.kind]}`;
  if (!(error instanceof Error) || !signInErrors.has(error.name))
    return new DStreamError('Unexpected', `${what}: ${textOf(error)}`, { cause: error });
  const code = transientCode(error, scene);
  const text = code === undefined ? `${refused(error)}: ${advice[identity.kind]}` : transientTexts[code];
  // Without its cause: the libraries' texts are pages long, and name what was sent.
  return new DStreamError(code ?? 'Unauthorized', `${what}: ${text}`);
}

/** Translates what the library throws when it makes a credential: a variable or an option is wrong (ConfigInvalid). */
export function settingsError(error: unknown): unknown {
  if (error instanceof Error && signInErrors.has(error.name)) return error;
  return new DStreamError('ConfigInvalid', `cannot sign in to Microsoft Entra ID: ${textOf(error)}`, {
    cause: error,
  });
}

/** Names of the library's errors about signing in. */
const signInErrors: ReadonlySet<string> = new Set([
  'CredentialUnavailableError',
  'AuthenticationError',
  'AuthenticationRequiredError',
  'AggregateAuthenticationError',
]);

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type TransientCode = 'Unreachable' | 'Throttled' | 'Transient';

const transientTexts: Readonly<Record<TransientCode, string>> = {
  Unreachable: 'the token service cannot be reached',
  Throttled: 'the token service is throttling',
  Transient: 'the token service failed',
};

function transientCode(
  error: unknown,
  { requests, hasIdentityEndpoint }: SignInScene,
): TransientCode | undefined {
  for (const { host, status } of requests.toReversed()) {
    const code = host === metadataService ? undefined : codeOfStatus(status);
    if (code !== undefined) return code;
  }
  const errors = [...allErrors(error)];
  // What the managed identity's endpoint answered is not seen on the wire: MSAL has a client of its own for it.
  if (hasIdentityEndpoint && errors.some((e) => e.errorCode === 'network_error')) return 'Unreachable';
  return errors.some((e) => e.name === 'AuthenticationRequiredError') ? 'Transient' : undefined;
}

function codeOfStatus(status: number | undefined): TransientCode | undefined {
  if (status === undefined) return 'Unreachable';
  if (status === 429) return 'Throttled';
  return status === 408 || status >= 500 ? ('Transient' satisfies ErrorCode) : undefined;
}

interface SeenError extends Error {
  readonly errorCode?: unknown;
  readonly errors?: unknown;
}

/** The error, those that it sums up (`AggregateAuthenticationError`), and their causes. */
function* allErrors(error: unknown): Generator<SeenError> {
  if (!(error instanceof Error)) return;
  const seen: SeenError = error;
  yield seen;
  yield* allErrors(seen.cause);
  if (Array.isArray(seen.errors)) for (const each of seen.errors) yield* allErrors(each);
}

/** `AADSTS` numbers of a refusal, which is what a person looks up. */
function refused(error: unknown): string {
  for (const { errorResponse } of allErrors(error) as Iterable<{
    errorResponse?: { errorCodes?: unknown };
  }>) {
    const codes = errorResponse?.errorCodes;
    if (Array.isArray(codes) && codes.length > 0)
      return `it was refused (${codes.map((code) => `AADSTS${code}`).join(', ')})`;
  }
  const names = new Set([...allErrors(error)].map(({ name }) => name));
  return names.has('AuthenticationError') ? 'it was refused' : 'no such identity is available here';
}

const chains: Readonly<Record<Identity['kind'], string>> = {
  default: 'DefaultAzureCredential (environment, workload identity, managed identity, command line)',
  environment: 'EnvironmentCredential',
  managed: 'ManagedIdentityCredential',
  workload: 'WorkloadIdentityCredential',
  'azure-cli': 'AzureCliCredential',
  'service-principal': 'ClientSecretCredential',
};

const variables =
  'AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH)';

const advice: Readonly<Record<Identity['kind'], string>> = {
  default: `run it where a managed or workload identity is assigned, set ${variables}, or use a connection string`,
  environment: `set ${variables}`,
  managed: 'assign a managed identity to this machine, and name its client id when there are several',
  workload:
    'label the pod azure.workload.identity/use and its service account, which sets AZURE_FEDERATED_TOKEN_FILE',
  'azure-cli': 'run "az login"',
  'service-principal': 'fix tenant, client id or secret in the connection string',
};
