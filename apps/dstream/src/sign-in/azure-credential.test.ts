import type { Identity, TokenCredential } from '@dstream/core';
import { expect, test } from 'vitest';
import { azureCredentials, type AzureCredentialOptions } from './azure-credential.ts';

interface Sender {
  readonly additionalPolicies: readonly [
    {
      readonly policy: {
        sendRequest(q: { url: string }, next: () => Promise<{ status: number }>): Promise<unknown>;
      };
    },
  ];
}

/** A library whose credentials note how they were made, and give the tokens that `token` gives. */
function library(token: (options: Sender) => Promise<string>) {
  const made: unknown[][] = [];
  let loads = 0;
  const classes = new Proxy(
    {},
    {
      get: (_, name) =>
        // A module is no promise, although somebody asks.
        name === 'then'
          ? undefined
          : class {
              readonly #options: Sender;
              constructor(...args: unknown[]) {
                const { additionalPolicies, ...rest } = args.at(-1) as Sender & Record<string, unknown>;
                made.push([name, ...args.slice(0, -1), rest]);
                this.#options = { additionalPolicies };
              }
              async getToken() {
                return { token: await token(this.#options), expiresOnTimestamp: 0 };
              }
            },
    },
  );
  const load = (() => {
    loads += 1;
    return Promise.resolve(classes);
  }) as unknown as AzureCredentialOptions['load'];
  return { made, load, loads: () => loads };
}

const ask = (credential: TokenCredential) => credential.getToken('https://storage.azure.com/.default');

test.each<[Identity | undefined, unknown[]]>([
  [undefined, ['DefaultAzureCredential', {}]],
  [{ kind: 'default' }, ['DefaultAzureCredential', {}]],
  [{ kind: 'environment' }, ['EnvironmentCredential', {}]],
  [{ kind: 'azure-cli' }, ['AzureCliCredential', {}]],
  [{ kind: 'managed' }, ['ManagedIdentityCredential', {}]],
  [{ kind: 'managed', clientId: 'c1' }, ['ManagedIdentityCredential', { clientId: 'c1' }]],
  [{ kind: 'workload' }, ['WorkloadIdentityCredential', {}]],
  [
    { kind: 'workload', clientId: 'c1', tenantId: 't1' },
    ['WorkloadIdentityCredential', { clientId: 'c1', tenantId: 't1' }],
  ],
  [
    { kind: 'service-principal', tenantId: 't1', clientId: 'c1', clientSecret: 's1' },
    ['ClientSecretCredential', 't1', 'c1', 's1', {}],
  ],
])('%j signs in with its credential', async (identity, expected) => {
  const { made, load } = library(() => Promise.resolve('t'));
  expect(await ask(azureCredentials({ env: {}, load })(identity))).toMatchObject({ token: 't' });
  expect(made).toEqual([expected]);
});

test('nothing is loaded before a token is asked for, and an identity has one credential', async () => {
  const { made, load, loads } = library(() => Promise.resolve('t'));
  const credentialOf = azureCredentials({ env: {}, load });
  const [one, same, other] = [
    credentialOf(),
    credentialOf({ kind: 'default' }),
    credentialOf({ kind: 'managed' }),
  ];
  expect([one === same, one === other, loads()]).toEqual([true, false, 0]);
  await Promise.all([ask(one), ask(same)]);
  await ask(one);
  expect(made).toHaveLength(1);
});

test('a token service out of reach is distinguished from a missing identity', async () => {
  let reached = true;
  const { load } = library(async ({ additionalPolicies: [{ policy }] }) => {
    const next = () => (reached ? Promise.resolve({ status: 400 }) : Promise.reject(new Error('ENOTFOUND')));
    await policy
      .sendRequest({ url: 'https://login.microsoftonline.com/t/oauth2/v2.0/token' }, next)
      .catch(() => 0);
    throw Object.assign(new Error('x'), { name: 'CredentialUnavailableError' });
  });
  const credential = azureCredentials({ env: {}, load })();
  await expect(ask(credential)).rejects.toMatchObject({ code: 'Unauthorized' });
  reached = false;
  await expect(ask(credential)).rejects.toMatchObject({ code: 'Unreachable' });
});

test('a library that could not be loaded is loaded at the next try', async () => {
  const { load } = library(() => Promise.resolve('t'));
  let tries = 0;
  const flaky: AzureCredentialOptions['load'] = () => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('EMFILE')) : load();
  };
  const credential = azureCredentials({ env: {}, load: flaky })();
  await expect(ask(credential)).rejects.toMatchObject({ code: 'Unexpected' });
  expect(await ask(credential)).toMatchObject({ token: 't' });
});
