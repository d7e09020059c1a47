import type { TokenCredential } from '@dstream/core';
import { expect, test } from 'vitest';
import { authenticationOf } from './sql-connection.ts';

const never = new AbortController().signal;

/** The credential that the driver is given, and what it requested of the original one. */
function given(): { readonly credential: TokenCredential; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const original: TokenCredential = {
    getToken: (scopes) => {
      asked.push(scopes);
      return Promise.resolve({ token: 't1', expiresOnTimestamp: 0 });
    },
  };
  const made = authenticationOf(
    { kind: 'token', identity: { kind: 'default' }, credential: original },
    never,
  );
  if (made.type !== 'token-credential') throw new Error(`the driver is given ${made.type}`);
  return { credential: made.options.credential as TokenCredential, asked };
}

test.each([
  'https://database.windows.net/.default',
  'https://database.windows.net//.default',
  'https://database.usgovcloudapi.net/.default',
  'https://database.chinacloudapi.cn/.default',
])('a token is asked for with the scope %s', async (scope) => {
  const { credential, asked } = given();
  expect(await credential.getToken(scope)).toMatchObject({ token: 't1' });
  expect(asked).toEqual([scope]);
});

test.each(['https://management.azure.com/.default', 'https://database.evil.example:1/.default', 'database.'])(
  'a server that wants a token of %s gets none',
  async (scope) => {
    const { credential, asked } = given();
    await expect(credential.getToken(scope)).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(asked).toEqual([]);
  },
);
