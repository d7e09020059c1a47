import { DStreamError, type CheckResult, type TokenCredential } from '@dstream/core';
import { expect, test } from 'vitest';
import { checkSignIn } from './check-sign-in.ts';

const { signal } = new AbortController();
const oid = '22222222-2222-2222-2222-222222222222';

async function run(getToken: TokenCredential['getToken'], stop = signal) {
  const results: CheckResult[] = [];
  const checks = checkSignIn({ getToken }, 'https://storage.azure.com/.default', { signal: stop });
  for (;;) {
    const next = await checks.next();
    if (next.done === true) return { principal: next.value, results };
    results.push(next.value);
  }
}

const giving = (token: string) => () => Promise.resolve({ token, expiresOnTimestamp: 0 });
const jwt = (claims: unknown) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;

test('an identity is named by the object id of its token, never by the token', async () => {
  const token = jwt({ oid });
  const { principal, results } = await run(giving(token));
  expect(principal).toBe(oid);
  expect(results).toEqual([
    {
      outcome: 'passed',
      check: 'identity.sign-in',
      message: `signed in to Microsoft Entra ID; the object id of the identity is ${oid}`,
    },
  ]);
  expect(JSON.stringify(results)).not.toContain(token);
});

test.each([['no-jwt'], [jwt({})], [jwt(null)], [jwt({ oid: '$(rm -rf)' })], ['a.%%%.c']])(
  'a token that names nobody (%j) leaves a blank to be filled in',
  async (token) => {
    expect(await run(giving(token))).toMatchObject({
      principal: 'OBJECT_ID',
      results: [{ outcome: 'passed', message: 'signed in to Microsoft Entra ID' }],
    });
  },
);

test('without an identity it fails in the words of the credential', async () => {
  const message = 'cannot sign in to Microsoft Entra ID: no managed identity';
  const { principal, results } = await run(() => Promise.reject(new DStreamError('ConfigInvalid', message)));
  expect(principal).toBeUndefined();
  expect(results).toEqual([
    {
      outcome: 'failed',
      check: 'identity.sign-in',
      message,
      remedy: { kind: 'advice', text: expect.stringContaining('"az login"') },
    },
  ]);
});

test('an abort ends it although the credential does not answer', async () => {
  const stop = new AbortController();
  const running = run(() => new Promise(() => {}), stop.signal);
  stop.abort(new Error('stopped'));
  await expect(running).rejects.toThrow('stopped');
});
