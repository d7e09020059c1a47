/** `dstream check` of the container of leases, with the real client against Azurite. */
import { randomUUID } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { systemClock } from '@dstream/async';
import { silentLog, type Clock, type InstanceId } from '@dstream/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkLeases } from '../../libs/leases/azure-blob/src/check-leases.ts';
import { startBlobs, type Blobs } from '../stand-ins/blobs/src/index.ts';
import { linesOf, resultsOf } from '../support/check-lines.ts';
import { FakeCredential } from '../support/fake-credential.ts';
import { makeLocalCertificate } from '../stand-ins/certificate/src/local-certificate.ts';
import { setDefaultCACertificates } from 'node:tls';

const account = 'devstoreaccount1';
const principal = '22222222-2222-2222-2222-222222222222';
const exists = `passed blobs.container: container locks exists in storage account ${account}`;
const clockAgrees =
  'passed blobs.clock: the clocks of the storage account and of this machine agree within 3 s';
const allowed = 'passed blobs.lease: this login may write, lease and delete blobs in container locks';
const resourceGroup = `  GROUP=$(az storage account show -n ${account} --query resourceGroup -o tsv)`;

describe('the container of leases', () => {
  let blobs: Blobs;

  beforeAll(async () => {
    const certificate = await makeLocalCertificate();
    setDefaultCACertificates([certificate.cert]);
    blobs = await startBlobs({ certificate });
  });
  afterAll(() => blobs.close());

  const container = () =>
    BlobServiceClient.fromConnectionString(blobs.connectionString).getContainerClient('locks');
  beforeEach(() => container().createIfNotExists());
  afterEach(() => blobs.faults.clear());

  const settings = (clock: Clock = systemClock) => ({
    containerName: 'locks',
    source: { scope: 'db1/shop' },
    instance: 'a' as InstanceId,
    leaseDurationMs: 15_000,
    clock,
    log: silentLog,
    newId: randomUUID,
  });
  const checks = (
    connectionString: string,
    { signal = new AbortController().signal, clock = systemClock } = {},
  ) => checkLeases({ ...settings(clock), connectionString }, { signal });
  const check = (connectionString = blobs.connectionString) => linesOf(checks(connectionString));

  async function names(): Promise<readonly string[]> {
    const found = [];
    for await (const { name } of container().listBlobsFlat()) found.push(name);
    return found;
  }

  test('that is as it has to be is left as it was', async () => {
    const before = new Map(blobs.counters);
    expect(await check()).toEqual([exists, clockAgrees, allowed]);
    expect(await names()).toEqual([]);
    const times = (operation: 'put-blob' | 'acquire-lease' | 'renew-lease' | 'delete-blob') =>
      (blobs.counters.get(operation) ?? 0) - (before.get(operation) ?? 0);
    expect([times('put-blob'), times('acquire-lease'), times('renew-lease'), times('delete-blob')]).toEqual([
      1, 1, 1, 1,
    ]);
  });

  test('that does not exist is not created', async () => {
    await container().delete();
    expect(await check()).toEqual([
      `warned blobs.container: container locks does not exist in storage account ${account}: an ingester creates it, if its login may`,
      `  az storage container create --account-name ${account} -n locks --auth-mode login`,
    ]);
    expect(await container().exists()).toBe(false);
  });

  test('with a wrong key, which is not shown', async () => {
    const lines = await check(blobs.connectionString.replace('Eby8', 'Eby9'));
    expect(lines).toEqual([
      `failed blobs.access: this login may not list blobs in storage account ${account}: the account key is wrong, or the clock here is off by more than 15 minutes (InvalidAuthenticationInfo)`,
      '  # compare it with what is configured',
      `  az storage account show-connection-string -n ${account} -o tsv`,
    ]);
    expect(lines.join('')).not.toContain('Eby9');
  });

  test('behind a firewall', async () => {
    blobs.faults.add({
      operation: 'list-blobs',
      action: { kind: 'refuse', status: 403, code: 'AuthorizationFailure' },
    });
    expect(await check()).toEqual([
      `failed blobs.access: this login may not list blobs in storage account ${account}: its firewall does not let this address in (AuthorizationFailure)`,
      resourceGroup,
      '  # ADDRESS is the public address from which this machine goes out; or use a private endpoint',
      `  az storage account network-rule add -g "$GROUP" --account-name ${account} --ip-address ADDRESS`,
    ]);
  });

  test('of an account without keys', async () => {
    const action = { kind: 'refuse', status: 403, code: 'KeyBasedAuthenticationNotPermitted' } as const;
    blobs.faults.add({ operation: 'list-blobs', action });
    expect(await check()).toEqual([
      `failed blobs.access: this login may not list blobs in storage account ${account}: it accepts identities only (KeyBasedAuthenticationNotPermitted)`,
      `  write account_url = "https://${account}.blob.core.windows.net" in locks instead of connection_string`,
    ]);
  });

  test('that is busy', async () => {
    blobs.faults.add({ operation: 'list-blobs', action: { kind: 'refuse' } });
    expect((await resultsOf(checks(blobs.connectionString))).at(-1)).toMatchObject({
      outcome: 'failed',
      check: 'blobs.answer',
      message: 'listing container locks failed: ServerBusy',
    });
  });

  describe('of an identity', () => {
    const ofIdentity = (credential: FakeCredential) =>
      linesOf(
        checkLeases(
          { ...settings(), accountUrl: blobs.secureUrl ?? '', credential },
          { signal: new AbortController().signal },
        ),
      );
    const signedIn = `passed identity.sign-in: signed in to Microsoft Entra ID; the object id of the identity is ${principal}`;

    test('that may do all', async () => {
      const credential = new FakeCredential();
      expect(await ofIdentity(credential)).toEqual([signedIn, exists, clockAgrees, allowed]);
      expect(new Set(credential.scopes)).toEqual(new Set(['https://storage.azure.com/.default']));
    });

    test('that may only read', async () => {
      const action = { kind: 'refuse', status: 403, code: 'AuthorizationPermissionMismatch' } as const;
      blobs.faults.add({ operation: 'put-blob', action });
      expect(await ofIdentity(new FakeCredential())).toEqual([
        signedIn,
        exists,
        clockAgrees,
        `failed blobs.access: this login may not write blobs in storage account ${account}: the identity has no role for it (AuthorizationPermissionMismatch)`,
        `  az role assignment create --assignee ${principal} --role "Storage Blob Data Contributor" --scope "$(az storage account show -n ${account} --query id -o tsv)"`,
      ]);
    });
  });

  test.each(['acquire-lease', 'renew-lease', 'set-metadata', 'release-lease'] as const)(
    'a refused %s leaves no blob behind',
    async (operation) => {
      const action = { kind: 'refuse', status: 403, code: 'AuthorizationPermissionMismatch' } as const;
      blobs.faults.add({ operation, action });
      const [, , failed] = await check();
      expect(failed).toMatch(/^failed blobs\.access: this login may not (lease|renew|write|release) /);
      expect(await names()).toEqual([]);
    },
  );

  test('an abort in the middle removes the blob, though it is leased', async () => {
    blobs.faults.add({ operation: 'renew-lease', action: { kind: 'delay', ms: 60_000 } });
    const stop = new AbortController();
    const running = resultsOf(checks(blobs.connectionString, { signal: stop.signal }));
    const before = blobs.counters.get('renew-lease') ?? 0;
    await expect.poll(() => blobs.counters.get('renew-lease')).toBe(before + 1);
    expect(await names()).toHaveLength(1);
    stop.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
    expect(await names()).toEqual([]);
  });

  test('a blob that cannot be removed is named', async () => {
    const action = { kind: 'refuse', status: 403, code: 'AuthorizationPermissionMismatch' } as const;
    blobs.faults.add({ operation: 'delete-blob', action });
    const lines = await check();
    const [name] = await names();
    expect(lines.slice(3)).toEqual([
      expect.stringContaining(`warned blobs.removed: the blob ${name} of this check is left behind: `),
      `  az storage blob delete --account-name ${account} -c locks -n ${name} --auth-mode login`,
    ]);
    blobs.faults.clear();
    await container().deleteBlob(name ?? '');
  });

  test('a clock that differs', async () => {
    const clock = { ...systemClock, wallMs: () => Date.now() - 90_000 };
    const results = await resultsOf(checks(blobs.connectionString, { clock }));
    expect(results.find(({ check: name }) => name === 'blobs.clock')).toMatchObject({
      outcome: 'warned',
      message: expect.stringMatching(
        /^the clock of this machine is (89|90) s behind that of the storage account$/,
      ),
      remedy: { kind: 'advice', text: 'synchronise the clock of this machine (NTP)' },
    });
  });
});
