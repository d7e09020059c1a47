import { inspect } from 'node:util';
import { RestError } from '@azure/storage-blob';
import { DStreamError } from '@dstream/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isLeaseGone, translateError } from './translate-error.ts';

const rest = (statusCode?: number, code?: string) =>
  new RestError('text of the service', {
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(code === undefined ? {} : { code }),
  });

describe('an error of the storage', () => {
  test.each([
    [rest(403, 'AuthenticationFailed'), 'Unauthorized', 'fatal'],
    [rest(401, 'NoAuthenticationInformation'), 'Unauthorized', 'fatal'],
    [rest(404, 'ContainerNotFound'), 'EntityNotFound', 'fatal'],
    [rest(400, 'InvalidResourceName'), 'ConfigInvalid', 'fatal'],
    [rest(undefined, 'ENOTFOUND'), 'Unreachable', 'retry'],
    [rest(undefined, 'ECONNREFUSED'), 'Unreachable', 'retry'],
    [rest(503, 'ServerBusy'), 'Throttled', 'retry'],
    [rest(429), 'Throttled', 'retry'],
    [rest(500, 'InternalError'), 'Transient', 'retry'],
    [rest(500, 'OperationTimedOut'), 'TimedOut', 'retry'],
    [rest(409, 'ContainerBeingDeleted'), 'Transient', 'retry'],
    [rest(412, 'ConditionNotMet'), 'Unexpected', 'retry'],
    [new TypeError('odd'), 'Unexpected', 'retry'],
  ])('%s is %s: %s', (error, code, disposition) => {
    const ours = translateError(error, 'saving');
    expect(ours).toMatchObject({ code, disposition, cause: error });
    expect(ours.message).toMatch(/^saving failed: /);
  });

  test('is recognised by its header when the reply has no body', () => {
    const error = rest(404);
    error.details = { errorCode: 'ContainerNotFound' };
    expect(translateError(error, 'reading').code).toBe('EntityNotFound');
  });

  test('of ours stays as it is', () => {
    const error = new DStreamError('CheckpointUnreadable', 'as it is');
    expect(translateError(error, 'reading')).toBe(error);
  });

  test('shows nothing of the request, whose address may be signed', () => {
    const error = rest(403, 'AuthenticationFailed');
    error.request = { url: 'https://a.blob.core.windows.net/?sig=TOPSECRET' } as never;
    error.response = { request: error.request } as never;
    const ours = translateError(error, 'reading');
    expect(inspect(ours, { depth: 9, showHidden: true }) + JSON.stringify(ours.cause)).not.toContain(
      'TOPSECRET',
    );
  });

  test.each([
    [409, 'LeaseIdMismatchWithLeaseOperation'],
    [409, 'LeaseNotPresentWithLeaseOperation'],
    [409, 'LeaseIsBrokenAndCannotBeRenewed'],
    [412, 'LeaseIdMismatchWithBlobOperation'],
    [412, 'LeaseNotPresentWithBlobOperation'],
    [412, 'LeaseLost'],
    [412, 'LeaseIdMissing'],
    [404, 'BlobNotFound'],
  ])('%d %s means that the lease is gone', (status, code) => {
    expect(isLeaseGone(rest(status, code))).toBe(true);
  });

  test.each([
    [412, 'ConditionNotMet'],
    [503, 'ServerBusy'],
    [404, 'ContainerNotFound'],
    [403, 'AuthorizationFailure'],
    [undefined, 'ECONNRESET'],
  ])('%s %s does not', (status, code) => {
    expect(isLeaseGone(rest(status, code))).toBe(false);
  });
});

describe('behind a proxy', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each([403, 407])('HTTP %i without a code of the storage is the answer of the proxy', (status) => {
    vi.stubEnv('HTTPS_PROXY', 'http://u:hunter2@proxy:3128');
    const { code, message } = translateError(rest(status), 'listing');
    expect(code).toBe('Unauthorized');
    expect(message).toContain(`HTTP ${status}, does not come from the storage account`);
    expect(message).toContain('HTTPS_PROXY');
    expect(message).not.toContain('hunter2');
  });

  test('what the storage refuses itself is still its answer', () => {
    vi.stubEnv('HTTPS_PROXY', 'http://proxy:3128');
    const { message } = translateError(rest(403, 'AuthenticationFailed'), 'listing');
    expect(message).toContain('the storage account refuses the key');
  });
});
