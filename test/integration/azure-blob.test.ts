/** What the blob adapter keeps in the container, and what it makes of what others did there. */
import { randomUUID } from 'node:crypto';
import type { InstanceId } from '@dstream/core';
import { expect, test, vi } from 'vitest';
import { azureBlobLeases } from '../support/azure-blob-leases.ts';
import { useBlobLeases, blobName, cars } from '../support/use-blob-leases.ts';
import { checkpoint } from '../support/lease-rig.ts';

const o = { signal: new AbortController().signal };
const rig = useBlobLeases();

test('a lost lease says why without the request that was refused', async () => {
  const { container, a, take } = rig;
  const lease = await take(a);
  await container.getBlobClient(blobName).getBlobLeaseClient().breakLease(0);
  const error: unknown = await a.renew(lease, o).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'LeaseLost', cause: { statusCode: 409 } });
  const { cause } = error as { cause: { request?: unknown; response?: unknown } };
  expect([cause.request, cause.response]).toEqual([undefined, undefined]);
});

test('a container that is deleted later is fatal, for every call', async () => {
  const { container, a, b, take } = rig;
  const lease = await take(a);
  await container.getBlobClient(blobName).getBlobLeaseClient().breakLease(0);
  await container.delete();
  const gone = { code: 'EntityNotFound' };
  await expect(a.list(o)).rejects.toMatchObject(gone);
  await expect(a.load(cars, o)).rejects.toMatchObject(gone);
  await expect(a.renew(lease, o)).rejects.toMatchObject(gone);
  await expect(b.tryAcquire(cars, o)).rejects.toMatchObject(gone);
});

test('an operator finds owner and epoch in the metadata and the checkpoint as JSON', async () => {
  const { container, a, take } = rig;
  await a.save(checkpoint('0042:7', 9), await take(a), o);
  const blob = container.getBlobClient(blobName);
  expect((await blob.getProperties()).metadata).toEqual({
    owner: 'a',
    announcement: a.announcement,
    epoch: '1',
    table: 'db1%2Fshop%2Fdbo.Cars',
  });
  expect(JSON.parse(String(await blob.downloadToBuffer()))).toEqual({
    version: 1,
    table: 'dbo.Cars',
    position: '0042:7',
    token: 'token of 0042:7',
    generation: 9,
    epoch: 1,
    owner: 'a',
    savedAt: '2026-11-20T00:00:00.000Z',
  });
});

test.each(['{"lsn":"0x2A"}', 'locked by 4711', 'x'.repeat(1_048_577)])(
  'content that is not ours is named, and not overwritten',
  async (text) => {
    const { container, a, take } = rig;
    await container.getBlockBlobClient(blobName).upload(text, text.length);
    const unreadable = { code: 'CheckpointUnreadable', message: expect.stringContaining(blobName) };
    await expect(a.load(cars, o)).rejects.toMatchObject(unreadable);
    const lease = await take(a);
    await expect(a.save(checkpoint('1'), lease, o)).rejects.toMatchObject(unreadable);
    expect(String(await container.getBlobClient(blobName).downloadToBuffer())).toBe(text);
  },
);

test('a lock of another program counts as held by nobody we know, and as free when it ends', async () => {
  const { blobs, container, a } = rig;
  await container.getBlockBlobClient(blobName).upload('', 0);
  await container.getBlobClient(blobName).getBlobLeaseClient().acquireLease(15);
  expect(await a.tryAcquire(cars, o)).toBeUndefined();
  expect([...(await a.list(o)).held]).toEqual([
    ['db1/shop/dbo.Cars', { owner: '', announcement: undefined, epoch: 0, endless: false }],
  ]);
  blobs.expireLeases();
  await expect(a.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 1 });
});

test('an endless lease is shown as such, with the last owner that the blob names', async () => {
  const { container, a, b, take } = rig;
  await a.release(await take(a), o);
  await container.getBlobClient(blobName).getBlobLeaseClient().acquireLease(-1);
  const { announcement } = a;
  const seen = { owner: 'a', announcement, epoch: 1, endless: true };
  expect([...(await b.list(o)).held.values()]).toEqual([seen]);
  expect((await b.overview(o)).partitions).toMatchObject([seen]);
});

test('a lease that an older version wrote belongs to whoever is announced by its name', async () => {
  const { container, a, b } = rig;
  await using _ = await a.announce('a' as InstanceId, o);
  await container.getBlockBlobClient(blobName).upload('', 0, { metadata: { owner: 'a', epoch: '3' } });
  await container.getBlobClient(blobName).getBlobLeaseClient().acquireLease(15);
  expect([...(await b.list(o)).held.values()]).toMatchObject([{ announcement: a.announcement, epoch: 3 }]);
});

test.each(['renew', 'save'] as const)('a newer epoch ends a lease whose id still works: %s', async (how) => {
  const { blobs, container, clock, b, take } = rig;
  const leaseId = randomUUID();
  const known = azureBlobLeases('a', blobs.connectionString, clock, { newId: () => leaseId });
  const lease = await take(known);
  await known.save(checkpoint('1'), lease, o);
  await container.getBlobClient(blobName).setMetadata({ epoch: '7' }, { conditions: { leaseId } });
  if (how === 'renew') await clock.advance(lease.goodUntilMs);
  const outcome = how === 'renew' ? known.renew(lease, o) : known.save(checkpoint('2'), lease, o);
  await expect(outcome).rejects.toMatchObject({ code: 'LeaseLost' });
  expect(await b.load(cars, o)).toEqual(checkpoint('1'));
});

test.each(['break', 'delete'] as const)('an operator may %s a lease: its owner loses it', async (how) => {
  const { container, a, take } = rig;
  const lease = await take(a);
  await container.getBlobClient(blobName).getBlobLeaseClient().breakLease(0);
  if (how === 'delete') await container.getBlobClient(blobName).delete();
  await expect(a.save(checkpoint('1'), lease, o)).rejects.toMatchObject({ code: 'LeaseLost' });
  await expect(a.renew(lease, o)).rejects.toMatchObject({ code: 'LeaseLost' });
  await expect(a.release(lease, o)).resolves.toBe(false);
});

test('a lease ends by itself after its duration, and its owner knows before', async () => {
  const { clock, a, b, take } = rig;
  vi.useFakeTimers({ toFake: ['Date'] });
  const pass = (ms: number) => {
    vi.setSystemTime(Date.now() + ms);
    return clock.advance(ms);
  };
  const lease = await take(a);
  await a.save(checkpoint('1'), lease, o);
  await pass(lease.goodUntilMs - clock.monotonicMs());
  await expect(a.save(checkpoint('2'), lease, o)).rejects.toMatchObject({ code: 'LeaseLost' });
  await pass(15_000 - lease.goodUntilMs - 1);
  expect(await b.tryAcquire(cars, o)).toBeUndefined();
  await pass(1);
  await b.save(checkpoint('3'), await take(b), o);
  await expect(a.renew(lease, o)).rejects.toMatchObject({ code: 'LeaseLost' });
  expect(await a.load(cars, o)).toEqual(checkpoint('3'));
});
