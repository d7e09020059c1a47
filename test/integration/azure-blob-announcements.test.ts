/** Announcements of replicas in the container: lost replies, expiry, and their removal. */
import type { InstanceId } from '@dstream/core';
import { expect, test, vi } from 'vitest';
import { useBlobLeases } from '../support/use-blob-leases.ts';

const o = { signal: new AbortController().signal };
const rig = useBlobLeases();

test('an announcement whose reply was lost is made once', async () => {
  const { blobs, a, b } = rig;
  blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'lose-reply' }, times: 1 });
  await expect(a.announce('a' as InstanceId, o)).rejects.toMatchObject({ disposition: 'retry' });
  await using _ = await a.announce('a' as InstanceId, o);
  expect((await b.list(o)).instances).toHaveLength(1);
});

test('a replica that stops while it announces itself leaves no announcement behind', async () => {
  const { blobs, a, b } = rig;
  const stop = new AbortController();
  blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'delay', ms: 60_000 }, times: 1 });
  const announcing = expect(a.announce('a' as InstanceId, { signal: stop.signal })).rejects.toBe('stop');
  await expect.poll(() => blobs.counters.get('acquire-lease')).toBe(1);
  stop.abort('stop');
  await announcing;
  expect((await b.list(o)).instances).toEqual([]);
});

test.each(['expired', 'deleted'] as const)(
  'a replica whose announcement was %s announces anew',
  async (how) => {
    const { blobs, container, a, b, instanceBlobs } = rig;
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
  const { blobs, b, open, instanceBlobs } = rig;
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
  const { a, b, refuse, instanceBlobs } = rig;
  await a.announce('old' as InstanceId, o);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  refuse('delete-blob');
  expect((await b.list(o)).instances).toEqual([]);
  expect(await instanceBlobs()).toHaveLength(1);
});
