/** What the blob adapter does when calls fail, get no answer, overtake each other, or are aborted half-way. */
import { expect, test } from 'vitest';
import { useBlobLeases, blobName, cars } from '../support/use-blob-leases.ts';
import { checkpoint } from '../support/lease-rig.ts';

const o = { signal: new AbortController().signal };
const rig = useBlobLeases();

test.each(['acquire-lease', 'put-blob', 'get-properties', 'set-metadata'] as const)(
  'an acquisition that fails at %s leaves the table free',
  async (operation) => {
    const { a, b, refuse } = rig;
    refuse(operation);
    await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ code: 'Throttled', disposition: 'retry' });
    expect((await b.list(o)).held.size).toBe(0);
    await expect(b.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 1 });
  },
);

test('an epoch that was written before its writer failed is never used again', async () => {
  const { blobs, a, b } = rig;
  blobs.faults.add({ operation: 'set-metadata', action: { kind: 'lose-reply' }, times: 1 });
  await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ disposition: 'retry' });
  await expect(b.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 2 });
});

test('a half-taken lease that cannot be given back is taken by the next attempt of the same replica', async () => {
  const { a, b, refuse } = rig;
  refuse('set-metadata');
  refuse('release-lease');
  await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ code: 'Throttled' });
  expect(await b.tryAcquire(cars, o)).toBeUndefined();
  await expect(a.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 1 });
});

test('a replica that stops while it takes a table gives it back', async () => {
  const { blobs, a, b } = rig;
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

test('a call that is not answered ends after a fifth of the lease, as a transient error', async () => {
  const { blobs, clock, a } = rig;
  blobs.faults.add({ operation: 'list-blobs', action: { kind: 'delay', ms: 60_000 }, times: 1 });
  const before = blobs.counters.get('list-blobs') ?? 0;
  const hanging = expect(a.list(o)).rejects.toMatchObject({ code: 'TimedOut', disposition: 'retry' });
  await expect.poll(() => blobs.counters.get('list-blobs')).toBe(before + 1);
  await clock.advance(3_000);
  await hanging;
});

test('a save goes on no longer than the lease is good', async () => {
  const { blobs, clock, a, take } = rig;
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
  const { blobs, a, take, refuse } = rig;
  const lease = await take(a);
  refuse('renew-lease', Infinity);
  await expect(a.renew(lease, o)).rejects.toMatchObject({ code: 'Throttled' });
  expect(blobs.counters.get('renew-lease')).toBe(1);
  blobs.faults.clear();
  await expect(a.renew(lease, o)).resolves.toMatchObject({ epoch: 1 });
});

test('a release that fails can be tried again', async () => {
  const { a, b, take, refuse } = rig;
  const lease = await take(a);
  refuse('release-lease');
  await expect(a.release(lease, o)).rejects.toMatchObject({ code: 'Throttled' });
  await a.release(lease, o);
  await expect(b.tryAcquire(cars, o)).resolves.toMatchObject({ epoch: 2 });
});

test('an older save that arrives late does not replace a newer one', async () => {
  const { blobs, a, b, take } = rig;
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
  const { blobs, a, b, take } = rig;
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
  const { blobs, container, a, b, take } = rig;
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
  const { blobs, container, a } = rig;
  blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'lose-reply' }, times: 1 });
  await container.getBlockBlobClient(blobName).upload('', 0);
  await expect(a.tryAcquire(cars, o)).rejects.toMatchObject({ disposition: 'retry' });
  const won = await Promise.all([a.tryAcquire(cars, o), a.tryAcquire(cars, o)]);
  expect(won.filter((lease) => lease !== undefined)).toHaveLength(1);
});
