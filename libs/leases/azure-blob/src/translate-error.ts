/** The one place where an error of the storage client becomes ours: by status and code, never by its text. */
import { RestError } from '@azure/storage-blob';
import { DStreamError, proxyVariable, type ErrorCode } from '@dstream/core';

/** The service's error code. A reply without a body (HEAD) has it in a header only, which the client puts in `details`. */
export function errorCodeOf(error: unknown): string | undefined {
  if (!(error instanceof RestError)) return undefined;
  const { errorCode } = (error.details ?? {}) as { errorCode?: string };
  return errorCode ?? error.code;
}

/**
 * The codes that mean that the lease is not ours ("Lease Blob", "Put Blob": outcomes of lease operations): 409 to a lease
 * operation with an id that is not the current one, 412 to a write with a wrong, expired or missing id.
 */
const leaseCodes: ReadonlySet<string | undefined> = new Set([
  'LeaseIdMismatchWithLeaseOperation',
  'LeaseIdMismatchWithBlobOperation',
  'LeaseNotPresentWithLeaseOperation',
  'LeaseNotPresentWithBlobOperation',
  'LeaseIsBrokenAndCannotBeRenewed',
  'LeaseIsBreakingAndCannotBeAcquired',
  'LeaseIdMissing',
  'LeaseLost',
  'BlobNotFound',
]);

/** True if a call under a lease was refused because the lease, or the leased blob, is gone. */
export function isLeaseGone(error: unknown): boolean {
  return leaseCodes.has(errorCodeOf(error));
}

/** True if the blob does not exist. */
export function isBlobMissing(error: unknown): boolean {
  return errorCodeOf(error) === 'BlobNotFound';
}

/**
 * Runs a call of the store; what leaves it is `signal.reason` or one of our errors.
 * @param what is being done, for messages: `saving the checkpoint of dbo.Cars`
 */
export async function translated<T>(what: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await run();
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw error;
    throw translateError(error, what);
  }
}

/** The error as one of ours. One that is ours already passes unchanged. */
export function translateError(error: unknown, what: string): DStreamError {
  if (error instanceof DStreamError) return error;
  withoutRequest(error);
  const code = codeFor(error);
  return new DStreamError(code, `${what} failed: ${explain(code, error)}`, { cause: error });
}

/**
 * The same error without its request, which holds the account's signature in its address or in a header. Whatever is
 * kept as a cause or logged passes through here.
 */
export function withoutRequest(error: unknown): unknown {
  if (!(error instanceof RestError)) return error;
  Reflect.deleteProperty(error, 'request');
  Reflect.deleteProperty(error, 'response');
  return error;
}

function codeFor(error: unknown): ErrorCode {
  if (!(error instanceof RestError)) return 'Unexpected';
  return byCode.get(errorCodeOf(error) ?? '') ?? byStatus(error.statusCode);
}

const byCode: ReadonlyMap<string, ErrorCode> = new Map([
  ['ContainerNotFound', 'EntityNotFound'],
  ['ContainerBeingDeleted', 'Transient'],
  // 400: "Verify the value of Authorization header" ("Common REST API error codes")
  ['InvalidAuthenticationInfo', 'Unauthorized'],
  ['InvalidResourceName', 'ConfigInvalid'],
  ['OutOfRangeInput', 'ConfigInvalid'],
  ['ServerBusy', 'Throttled'],
  ['OperationTimedOut', 'TimedOut'],
]);

function byStatus(status: number | undefined): ErrorCode {
  if (status === undefined) return 'Unreachable'; // nothing came back: name, connection, TLS
  if (status === 401 || status === 403 || status === 407) return 'Unauthorized'; // 407: of a proxy
  if (status === 408) return 'TimedOut';
  if (status === 429 || status === 503) return 'Throttled';
  return status >= 500 ? 'Transient' : 'Unexpected';
}

function explain(code: ErrorCode, error: unknown): string {
  const byProxy = answerOfProxy(error, process.env);
  if (byProxy !== undefined) return byProxy;
  const vendor = errorCodeOf(error) ?? (error instanceof Error ? error.message : String(error));
  return code in advice ? `${advice[code]} (${vendor})${proxyHint(code, process.env)}` : vendor;
}

/** The storage account gives every error a code ("Status and error codes"); an answer without one is that of a proxy. */
function answerOfProxy(error: unknown, env: NodeJS.ProcessEnv): string | undefined {
  const variable = proxyVariable(env);
  if (variable === undefined || !(error instanceof RestError)) return undefined;
  if (error.statusCode === undefined || errorCodeOf(error) !== undefined) return undefined;
  return (
    `the answer, HTTP ${error.statusCode}, does not come from the storage account: check what the proxy that ` +
    `${variable} names allows and whether it wants a user and password, or add the account's host to NO_PROXY`
  );
}

/** The client reads the proxy from the environment by itself. Empty if there is none. */
function proxyHint(code: ErrorCode, env: NodeJS.ProcessEnv): string {
  const variable = code === 'Unreachable' ? proxyVariable(env) : undefined;
  return variable === undefined
    ? ''
    : `; ${variable} is set: requests go through that proxy, except those to the hosts of NO_PROXY`;
}

const advice: Partial<Record<ErrorCode, string>> = {
  Unauthorized:
    'the storage account refuses the key or signature of the connection string, or its rights, or those of the ' +
    'identity: they must allow listing, reading, writing and deleting blobs (role Storage Blob Data Contributor); a ' +
    'clock that is off by more than 15 minutes is refused too',
  Unreachable:
    'the storage account cannot be reached: check the endpoint of the connection string and the network',
  EntityNotFound: 'the container does not exist: it was deleted after this process started',
  ConfigInvalid:
    'the service refuses the name: a container name has 3 to 63 lower-case letters, digits and single hyphens',
};
