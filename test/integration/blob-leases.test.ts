/**
 * The rules of blob leases that ownership rests on, of the stand-in: who may acquire, renew and write, before and after
 * the end of a lease ("Lease Blob", REST API of Azure Storage). The real client; time by `expireLeases` or by `Date`.
 */
import { BlobServiceClient, type BlobLeaseClient, type BlockBlobClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startBlobs, type Blobs } from '../stand-ins/blobs/src/index.ts';

const retryOptions = { maxTries: 1 };
let blobs: Blobs;
let count = 0;
let blob: BlockBlobClient;
let [mine, theirs]: [BlobLeaseClient, BlobLeaseClient] = [{}, {}] as never;

beforeAll(async () => {
  blobs = await startBlobs();
});
afterAll(() => blobs.close());

beforeEach(async () => {
  const service = BlobServiceClient.fromConnectionString(blobs.connectionString, { retryOptions });
  const container = service.getContainerClient('locks');
  await container.createIfNotExists();
  count += 1;
  blob = container.getBlockBlobClient(`table-${count}`);
  await blob.upload('0', 1);
  [mine, theirs] = [blob.getBlobLeaseClient(), blob.getBlobLeaseClient()];
});
afterEach(() => {
  vi.useRealTimers();
  blobs.faults.clear();
});

const expire = () => blobs.expireLeases(`locks/${blob.name}`);
const write = (text: string, leaseId?: string) =>
  blob.upload(text, text.length, leaseId === undefined ? {} : { conditions: { leaseId } });
const content = async () => String(await blob.downloadToBuffer());
const refusal = (statusCode: number, errorCode: string) => ({ statusCode, code: errorCode });
const leaseState = async () => (await blob.getProperties()).leaseState;

describe('a running lease', () => {
  test('keeps others from acquiring, and from writing without its id or with another', async () => {
    await mine.acquireLease(15);
    await expect(theirs.acquireLease(15)).rejects.toMatchObject(refusal(409, 'LeaseAlreadyPresent'));
    await expect(write('1')).rejects.toMatchObject(refusal(412, 'LeaseIdMissing'));
    await expect(write('1', theirs.leaseId)).rejects.toMatchObject(
      refusal(412, 'LeaseIdMismatchWithBlobOperation'),
    );
    await write('1', mine.leaseId);
    expect(await content()).toBe('1');
  });

  test('is acquired again by its own id, and not renewed by another', async () => {
    await mine.acquireLease(15);
    await mine.acquireLease(30);
    await expect(theirs.renewLease()).rejects.toMatchObject(
      refusal(409, 'LeaseIdMismatchWithLeaseOperation'),
    );
    await expect(theirs.releaseLease()).rejects.toMatchObject(
      refusal(409, 'LeaseIdMismatchWithLeaseOperation'),
    );
    expect(await leaseState()).toBe('leased');
  });

  test.each([14, 61])('of %i seconds is none', async (seconds) => {
    await expect(mine.acquireLease(seconds)).rejects.toMatchObject({ statusCode: 400 });
    expect(await leaseState()).toBe('available');
  });

  test.each([15, 60])('of %i seconds ends then by the clock, and not a second before', async (seconds) => {
    await mine.acquireLease(seconds);
    const start = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: start + (seconds - 1) * 1_000 });
    await expect(theirs.acquireLease(15)).rejects.toMatchObject({ code: 'LeaseAlreadyPresent' });
    vi.setSystemTime(start + (seconds + 1) * 1_000);
    await theirs.acquireLease(15);
    await expect(mine.renewLease()).rejects.toMatchObject({ statusCode: 409 });
  });

  test('that was renewed lasts its whole time from there', async () => {
    await mine.acquireLease(15);
    const start = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: start + 14_000 });
    await mine.renewLease();
    vi.setSystemTime(start + 28_000);
    await expect(theirs.acquireLease(15)).rejects.toMatchObject({ code: 'LeaseAlreadyPresent' });
  });
});

describe('after its end', () => {
  test('anybody may acquire, and the former owner can neither renew, write nor release', async () => {
    await mine.acquireLease(15);
    expect(expire()).toBe(1);
    await theirs.acquireLease(15);
    await expect(mine.renewLease()).rejects.toMatchObject(refusal(409, 'LeaseIdMismatchWithLeaseOperation'));
    await expect(write('1', mine.leaseId)).rejects.toMatchObject(
      refusal(412, 'LeaseIdMismatchWithBlobOperation'),
    );
    await expect(mine.releaseLease()).rejects.toMatchObject({ statusCode: 409 });
    await write('2', theirs.leaseId);
    expect(await content()).toBe('2');
  });

  test('and before anybody has taken it the former owner may renew: that it works proves nothing', async () => {
    await mine.acquireLease(15);
    expire();
    expect(await leaseState()).toBe('expired');
    await mine.renewLease();
    expect(await leaseState()).toBe('leased');
    await write('1', mine.leaseId);
  });

  test('a write under its id is refused, one without any is not', async () => {
    await mine.acquireLease(15);
    expire();
    await expect(write('1', mine.leaseId)).rejects.toMatchObject({ statusCode: 412 });
    await write('2');
    expect(await content()).toBe('2');
  });

  test('a released one is gone at once, and its id is worth nothing', async () => {
    await mine.acquireLease(15);
    await mine.releaseLease();
    await expect(mine.renewLease()).rejects.toMatchObject({ statusCode: 409 });
    await expect(write('1', mine.leaseId)).rejects.toMatchObject({ statusCode: 412 });
    await theirs.acquireLease(15);
  });
});

describe('expiring leases', () => {
  test('ends no endless one, and none that has ended already', async () => {
    await mine.acquireLease(-1);
    expect(expire()).toBe(0);
    await expect(theirs.acquireLease(15)).rejects.toMatchObject({ code: 'LeaseAlreadyPresent' });
    await mine.releaseLease();
    await mine.acquireLease(15);
    expect([expire(), expire()]).toEqual([1, 0]);
  });

  test('leaves content, metadata and ETag: who saves under the ETag is not refused for it', async () => {
    const { etag = '' } = await write('1');
    await mine.acquireLease(15);
    expire();
    await theirs.acquireLease(15);
    await blob.upload('2', 1, { conditions: { leaseId: theirs.leaseId, ifMatch: etag } });
    await expect(
      blob.upload('3', 1, { conditions: { leaseId: theirs.leaseId, ifMatch: etag } }),
    ).rejects.toMatchObject(refusal(412, 'ConditionNotMet'));
    expect(await content()).toBe('2');
  });
});

describe('a fault in the middle', () => {
  test('an acquisition whose reply was lost has been made: only its id may go on', async () => {
    blobs.faults.add({ operation: 'acquire-lease', action: { kind: 'lose-reply' }, times: 1 });
    await expect(mine.acquireLease(15)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(theirs.acquireLease(15)).rejects.toMatchObject({ code: 'LeaseAlreadyPresent' });
    await mine.acquireLease(15);
  });

  test('a renewal that was refused or dropped has not been made', async () => {
    await mine.acquireLease(15);
    const start = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: start + 10_000 });
    blobs.faults.add({ operation: 'renew-lease', action: { kind: 'refuse' }, times: 1 });
    await expect(mine.renewLease()).rejects.toMatchObject({ statusCode: 503 });
    blobs.faults.add({ operation: 'renew-lease', action: { kind: 'drop' }, times: 1 });
    await expect(mine.renewLease()).rejects.toMatchObject({ code: 'ECONNRESET' });
    vi.setSystemTime(start + 16_000);
    await theirs.acquireLease(15);
  });
});
