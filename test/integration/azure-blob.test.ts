/** What the blob adapter does beyond its contracts: what stands in the container, and what goes wrong there while it works. */
import { randomUUID } from 'node:crypto';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import type { AzureBlobLeases } from '@dstream/azure-blob';
import { partitionOf, type InstanceId } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startBlobs, type BlobOperation, type Blobs } from '../stand-ins/blobs/src/index.ts';
import { azureBlobLeases } from '../support/azure-blob-leases.ts';
import { checkpoint, takeLease } from '../support/lease-rig.ts';

const o = { signal: new AbortController().signal };
const cars = partitionOf({ source: 'db1', database: 'shop', schema: 'dbo', table: 'Cars' });
const blobName = 'db1/shop/dbo.Cars.lock';

describe('leases and checkpoints in blobs', () => {
  let blobs: Blobs;
  let container: ContainerClient;
  let clock: ManualClock;
  let a: AzureBlobLeases;
  let b: AzureBlobLeases;

  const open = (instance: string) => azureBlobLeases(instance, blobs.connectionString, clock);

  beforeEach(async () => {
    blobs = await startBlobs();
    clock = new ManualClock();
    [a, b] = [open('a'), open('b')];
    await Promise.all([a.connect(o), b.connect(o)]);
    container = BlobServiceClient.fromConnectionString(blobs.connectionString).getContainerClient('locks');
  });
  afterEach(async () => {
    vi.useRealTimers();
    await blobs.close();
    if (clock.sleeping > 0) throw new Error('a call left a timer behind');
  });

  const take = (store: AzureBlobLeases) => takeLease(store, cars);

  const refuse = (operation: BlobOperation, times = 1) =>
    blobs.faults.add({ operation, action: { kind: 'refuse' }, times });

  const instanceBlobs = async () => {
    const names = [];
    for await (const { name } of container.listBlobsFlat({ prefix: 'db1/shop/_instances/' }))
      names.push(name);
    return names;
  };

  test('a lost lease says why without the request that was refused', async () => {
    const lease = await take(a);
    await container.getBlobClient(blobName).getBlobLeaseClient().breakLease(0);
    const error: unknown = await a.renew(lease, o).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'LeaseLost', cause: { statusCode: 409 } });
    const { cause } = error as { cause: { request?: unknown; response?: unknown } };
    expect([cause.request, cause.response]).toEqual([undefined, undefined]);
  });

  test('a container that is deleted later is fatal, for every call', async () => {
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
      await container.getBlockBlobClient(blobName).upload(text, text.length);
      const unreadable = { code: 'CheckpointUnreadable', message: expect.stringContaining(blobName) };
      await expect(a.load(cars, o)).rejects.toMatchObject(unreadable);
      const lease = await take(a);
      await expect(a.save(checkpoint('1'), lease, o)).rejects.toMatchObject(unreadable);
      expect(String(await container.getBlobClient(blobName).downloadToBuffer())).toBe(text);
    },
  );

  test('a lock of another program counts as held by nobody we know, and as free when it ends', async () => {
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
    await a.release(await take(a), o);
    await container.getBlobClient(blobName).getBlobLeaseClient().acquireLease(-1);
    const { announcement } = a;
    const seen = { owner: 'a', announcement, epoch: 1, endless: true };
    expect([...(await b.list(o)).held.values()]).toEqual([seen]);
    expect((await b.overview(o)).partitions).toMatchObject([seen]);
  });

  test('a lease that an older version wrote belongs to whoever is announced by its name', async () => {
    await using _ = await a.announce('a' as InstanceId, o);
    await container.getBlockBlobClient(blobName).upload('', 0, { metadata: { owner: 'a', epoch: '3' } });
    await container.getBlobClient(blobName).getBlobLeaseClient().acquireLease(15);
    expect([...(await b.list(o)).held.values()]).toMatchObject([{ announcement: a.announcement, epoch: 3 }]);
  });

  test('an announcement whose reply was lost is made once', async () => {
    blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'lose-reply' }, times: 1 });
    await expect(a.announce('a' as InstanceId, o)).rejects.toMatchObject({ disposition: 'retry' });
    await using _ = await a.announce('a' as InstanceId, o);
    expect((await b.list(o)).instances).toHaveLength(1);
  });

  test('a replica that stops while it announces itself leaves no announcement behind', async () => {
    const stop = new AbortController();
    blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'delay', ms: 60_000 }, times: 1 });
    const announcing = expect(a.announce('a' as InstanceId, { signal: stop.signal })).rejects.toBe('stop');
    await expect.poll(() => blobs.counters.get('acquire-lease')).toBe(1);
    stop.abort('stop');
    await announcing;
    expect((await b.list(o)).instances).toEqual([]);
  });

  test.each(['acquire-lease', 'put-blob', 'get-properties', 'set-metadata'] as const)(
    'an acquisition that fails at %s leaves the table free',
    async (operation) => {
      refuse(operation);
      await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ code: 'Throttled', disposition: 'retry' });
      expect((await b.list(o)).held.size).toBe(0);
      await expect(b.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 1 });
    },
  );

  test('an epoch that was written before its writer failed is never used again', async () => {
    blobs.faults.add({ operation: 'set-metadata', action: { kind: 'lose-reply' }, times: 1 });
    await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ disposition: 'retry' });
    await expect(b.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 2 });
  });

  test('a half-taken lease that cannot be given back is taken by the next attempt of the same replica', async () => {
    refuse('set-metadata');
    refuse('release-lease');
    await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ code: 'Throttled' });
    expect(await b.tryAcquire(cars, o)).toBeUndefined();
    await expect(a.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 1 });
  });

  test('a replica that stops while it takes a table gives it back', async () => {
    const stop = new AbortController();
    blobs.faults.add({ operation: 'set-metadata', action: { kind: 'delay', ms: 60_000 } });
    const taking = a.tryAcquire(cars, { signal: stop.signal });
    const stopped = expect(taking).rejects.toBe('stop');
    await expect.poll(() => blobs.counters.get('set-metadata')).toBe(1);
    stop.abort('stop');
    await stopped;
    blobs.faults.clear();
    await expect(b.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 1 });
  });

  test('a call that is not answered ends after a fifth of the lease, as a passing error', async () => {
    blobs.faults.add({ operation: 'list-blobs', action: { kind: 'delay', ms: 60_000 }, times: 1 });
    const before = blobs.counters.get('list-blobs') ?? 0;
    const hanging = expect(a.list(o)).rejects.toMatchObject({ code: 'TimedOut', disposition: 'retry' });
    await expect.poll(() => blobs.counters.get('list-blobs')).toBe(before + 1);
    await clock.advance(3_000);
    await hanging;
  });

  test('a save goes on no longer than the lease is good', async () => {
    const lease = await take(a);
    await a.save(checkpoint('1'), lease, o);
    const before = blobs.counters.get('put-blob') ?? 0;
    blobs.faults.add({ operation: 'put-blob', action: { kind: 'delay', ms: 60_000 }, times: 1 });
    await clock.advance(lease.goodUntilMs - 100);
    const hanging = expect(a.save(checkpoint('2'), lease, o)).rejects.toMatchObject({ code: 'TimedOut' });
    await expect.poll(() => blobs.counters.get('put-blob')).toBe(before + 1);
    await clock.advance(100);
    await hanging;
  });

  test('one call is one request: the client does not retry behind our back', async () => {
    const lease = await take(a);
    refuse('renew-lease', Infinity);
    await expect(a.renew(lease, o)).rejects.toMatchObject({ code: 'Throttled' });
    expect(blobs.counters.get('renew-lease')).toBe(1);
    blobs.faults.clear();
    await expect(a.renew(lease, o)).resolves.toMatchObject({ epoch: 1 });
  });

  test('a release that fails can be tried again', async () => {
    const lease = await take(a);
    refuse('release-lease');
    await expect(a.release(lease, o)).rejects.toMatchObject({ code: 'Throttled' });
    await a.release(lease, o);
    await expect(b.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 2 });
  });

  test('an older save that arrives late does not replace a newer one', async () => {
    const lease = await take(a);
    await a.save(checkpoint('1'), lease, o);
    const before = blobs.counters.get('put-blob') ?? 0;
    blobs.faults.add({ operation: 'put-blob', action: { kind: 'delay', ms: 300 }, times: 1 });
    const late = expect(a.save(checkpoint('2'), lease, o)).rejects.toMatchObject({ code: 'Unexpected' });
    await expect.poll(() => blobs.counters.get('put-blob')).toBe(before + 1);
    await a.save(checkpoint('3'), lease, o);
    await late;
    expect(await b.load(cars, o)).toEqual(checkpoint('3'));
  });

  test('who creates the blob late erases nothing', async () => {
    blobs.faults.add({ operation: 'put-blob', action: { kind: 'delay', ms: 500 }, times: 1 });
    const late = b.tryAcquire(cars, o);
    await expect.poll(() => blobs.counters.get('put-blob')).toBe(1);
    const lease = await take(a);
    await a.save(checkpoint('1'), lease, o);
    await a.release(lease, o);
    await expect(late).resolves.toMatchObject({ epoch: 2 });
    expect(await b.load(cars, o)).toEqual(checkpoint('1'));
  });

  test('a release whose reply was lost has released; one that the service refuses has not', async () => {
    const lease = await take(a);
    blobs.faults.add({ operation: 'release-lease', action: { kind: 'lose-reply' }, times: 1 });
    await expect(a.release(lease, o)).rejects.toMatchObject({ disposition: 'retry' });
    expect(await a.release(lease, o)).toBe(true);
    const next = await take(a);
    await container.getBlobClient(blobName).getBlobLeaseClient('').breakLease(0);
    await take(b);
    expect(await a.release(next, o)).toBe(false);
  });

  test('an acquisition in doubt is taken up by one attempt only', async () => {
    blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'lose-reply' }, times: 1 });
    await container.getBlockBlobClient(blobName).upload('', 0);
    await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ disposition: 'retry' });
    const won = await Promise.all([a.tryAcquire(cars, o), a.tryAcquire(cars, o)]);
    expect(won.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  test.each(['renew', 'save'] as const)(
    'a newer epoch ends a lease whose id still works: %s',
    async (how) => {
      const leaseId = randomUUID();
      const known = azureBlobLeases('a', blobs.connectionString, clock, { newId: () => leaseId });
      const lease = await take(known);
      await known.save(checkpoint('1'), lease, o);
      await container.getBlobClient(blobName).setMetadata({ epoch: '7' }, { conditions: { leaseId } });
      if (how === 'renew') await clock.advance(lease.goodUntilMs);
      const outcome = how === 'renew' ? known.renew(lease, o) : known.save(checkpoint('2'), lease, o);
      await expect(outcome).rejects.toMatchObject({ code: 'LeaseLost' });
      expect(await b.load(cars, o)).toEqual(checkpoint('1'));
    },
  );

  test.each(['break', 'delete'] as const)('an operator may %s a lease: its owner loses it', async (how) => {
    const lease = await take(a);
    await container.getBlobClient(blobName).getBlobLeaseClient().breakLease(0);
    if (how === 'delete') await container.getBlobClient(blobName).delete();
    await expect(a.save(checkpoint('1'), lease, o)).rejects.toMatchObject({ code: 'LeaseLost' });
    await expect(a.renew(lease, o)).rejects.toMatchObject({ code: 'LeaseLost' });
    await expect(a.release(lease, o)).resolves.toBe(false);
  });

  test.each(['expired', 'deleted'] as const)(
    'a replica whose announcement was %s announces anew',
    async (how) => {
      const presence = await a.announce('a' as InstanceId, o);
      blobs.expireLeases();
      if (how === 'deleted')
        for (const name of await instanceBlobs()) await container.getBlobClient(name).delete();
      expect((await b.list(o)).instances).toEqual([]);
      await presence.renew(o);
      expect((await b.list(o)).instances).toMatchObject([{ instance: 'a' }]);
      await presence[Symbol.asyncDispose]();
      expect(await instanceBlobs()).toEqual([]);
    },
  );

  test('old announcements are removed by whoever lists, a few a time, and the live and the young stay', async () => {
    const announce = (name: string) => open(name).announce(name as InstanceId, o);
    for (const name of ['1', '2', '3', '4', '5']) await announce(`old${name}`);
    const live = await announce('live');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    await live.renew(o);
    await announce('young');
    blobs.expireLeases('young');
    const left = async () => (await instanceBlobs()).map((name) => name.split('/')[3]?.split('-')[0]);
    await b.list(o);
    expect(await left()).toEqual(['live', 'old4', 'old5', 'young']);
    expect((await b.list(o)).instances).toMatchObject([{ instance: 'live' }]);
    expect(await left()).toEqual(['live', 'young']);
  });

  test('an announcement that cannot be removed does not spoil the list', async () => {
    await a.announce('old' as InstanceId, o);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    refuse('delete-blob');
    expect((await b.list(o)).instances).toEqual([]);
    expect(await instanceBlobs()).toHaveLength(1);
  });

  test('a lease ends by itself after its duration, and its owner knows before', async () => {
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
});
