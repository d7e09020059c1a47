import { DStreamError, type Identity } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { settingsError, signInError, type SignInScene, type TokenRequest } from './sign-in-error.ts';

function named(name: string, more: object = {}): Error {
  return Object.assign(new Error('a long text of the library'), { name, ...more });
}

const unavailable = named('CredentialUnavailableError');
const noIdentity = named('AggregateAuthenticationError', { errors: [unavailable, unavailable] });

function judged(error: unknown, change: Partial<SignInScene> = {}): unknown {
  const usual = { identity: { kind: 'default' }, requests: [], hasIdentityEndpoint: false } as const;
  const made = signInError(error, { ...usual, ...change });
  return made instanceof DStreamError ? made.code : made.name;
}

const request = (status: number | undefined, host = 'login.microsoftonline.com'): TokenRequest[] => [
  { host, status },
];

describe('what a person must fix', () => {
  test('no identity at all', () => {
    expect(judged(noIdentity)).toBe('Unauthorized');
    expect(judged(unavailable)).toBe('Unauthorized');
  });

  test('a refusal, which names its number and nothing that was sent', () => {
    const refusal = named('AuthenticationError', {
      statusCode: 401,
      errorResponse: { error: 'invalid_client', errorDescription: 'secret abc', errorCodes: [7000215] },
    });
    const identity: Identity = {
      kind: 'service-principal',
      tenantId: 't1',
      clientId: 'c1',
      clientSecret: 'abc',
    };
    const error = signInError(refusal, { identity, requests: request(401), hasIdentityEndpoint: false });
    expect(error).toMatchObject({
      code: 'Unauthorized',
      disposition: 'fatal',
      message:
        'cannot sign in to Microsoft Entra ID with ClientSecretCredential: it was refused (AADSTS7000215): ' +
        'fix tenant, client id or secret in the connection string',
    });
    expect(error.cause).toBeUndefined();
  });

  test('a machine outside Azure, where the metadata service answers nobody', () => {
    expect(judged(noIdentity, { requests: request(undefined, '169.254.169.254') })).toBe('Unauthorized');
  });

  test('a variable that the library cannot use, in its words', () => {
    expect(settingsError(new Error('Invalid value for AZURE_TOKEN_CREDENTIALS = x'))).toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('AZURE_TOKEN_CREDENTIALS = x'),
    });
    expect(settingsError(unavailable)).toBe(unavailable);
  });
});

describe('temporary failures', () => {
  test.each([
    [undefined, 'Unreachable'],
    [429, 'Throttled'],
    [408, 'Transient'],
    [503, 'Transient'],
  ])('a token service that answers %s', (status, code) => {
    // An outage arrives as CredentialUnavailableError, or as an AuthenticationError 400: only the requests show it.
    expect(judged(unavailable, { requests: request(status) })).toBe(code);
    expect(judged(named('AuthenticationError', { statusCode: 400 }), { requests: request(status) })).toBe(
      code,
    );
  });

  test('an identity that is there and gives no token', () => {
    const errors = [unavailable, named('AuthenticationRequiredError')];
    expect(judged(named('AggregateAuthenticationError', { errors }))).toBe('Transient');
  });

  test("a managed identity's endpoint that is out of reach, where the host has one", () => {
    const cause = named('ClientAuthError', { errorCode: 'network_error' });
    const error = named('CredentialUnavailableError', { cause });
    expect(judged(error, { hasIdentityEndpoint: true })).toBe('Unreachable');
    expect(judged(error)).toBe('Unauthorized');
  });
});

test('what nobody foresaw keeps its words and its cause', () => {
  const scene: SignInScene = { identity: { kind: 'default' }, requests: [], hasIdentityEndpoint: false };
  const cause = new Error('too many open files');
  expect(signInError(cause, scene)).toMatchObject({
    code: 'Unexpected',
    message: expect.stringContaining('too many open files'),
    cause,
  });
});

test('giving up is not a failure to sign in', () => {
  expect(judged(named('AbortError'))).toBe('AbortError');
});
