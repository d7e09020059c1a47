/** Leases and checkpoints with a token of Microsoft Entra ID, against Azurite over https. */
import { randomUUID } from 'node:crypto';
import { AzureBlobLeases } from '@dstream/azure-blob';
import {
  DStreamError,
  silentLog,
  type InstanceId,
  type PartitionId,
  type TokenCredential,
} from '@dstream/core';
import { systemClock } from '@dstream/async';
import { expect, onTestFinished, test } from 'vitest';
import { startBlobs } from '../stand-ins/blobs/src/index.ts';
import { FakeCredential } from '../support/fake-credential.ts';
import { trustedCertificate } from '../support/trusted-certificate.ts';

const never = new AbortController().signal;
const o = { signal: never };

async function leases(credential: TokenCredential): Promise<AzureBlobLeases> {
  const blobs = await startBlobs({ certificate: await trustedCertificate() });
  onTestFinished(() => blobs.close());
  return new AzureBlobLeases({
    accountUrl: blobs.secureUrl ?? '',
    credential,
    containerName: 'locks',
    source: { scope: 'db1/shop' },
    instance: 'a' as InstanceId,
    leaseDurationMs: 15_000,
    clock: systemClock,
    log: silentLog,
    newId: randomUUID,
  });
}

test('a lease is taken and given back with one token for storage', async () => {
  const credential = new FakeCredential();
  const store = await leases(credential);
  await store.connect(o);
  const lease = await store.tryAcquire('db1/shop/dbo.T' as PartitionId, o);
  expect(lease?.epoch).toBe(1);
  if (lease !== undefined) await store.release(lease, o);
  expect(credential.scopes).toEqual(['https://storage.azure.com/.default']);
});

test('a token that the account refuses is for a person, with the role that is missing', async () => {
  const credential = new FakeCredential();
  credential.choice = { expired: true };
  await expect((await leases(credential)).connect(o)).rejects.toMatchObject({
    code: 'Unauthorized',
    message: expect.stringContaining('Storage Blob Data Contributor'),
  });
});

test.each(['Unauthorized', 'Unreachable'] as const)(
  'a credential that fails with %s keeps its code and its words',
  async (code) => {
    const credential = new FakeCredential();
    credential.failure = new DStreamError(code, 'cannot sign in to Microsoft Entra ID');
    await expect((await leases(credential)).connect(o)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('cannot sign in to Microsoft Entra ID'),
    });
  },
);
