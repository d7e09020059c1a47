/** The blob stand-in against the real client. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBlobs, type Blobs } from '../stand-ins/blobs/src/index.ts';

const retryOptions = { maxTries: 1 };

describe('blob stand-in', () => {
  let blobs: Blobs;
  let container: ContainerClient;

  beforeEach(async () => {
    blobs = await startBlobs();
    const service = BlobServiceClient.fromConnectionString(blobs.connectionString, { retryOptions });
    container = service.getContainerClient('locks');
    await container.create();
  });
  afterEach(() => blobs.close());

  const put = (name: string, text: string) => container.getBlockBlobClient(name).upload(text, text.length);
  const get = async (name: string) => String(await container.getBlobClient(name).downloadToBuffer());

  test('keeps what is put', async () => {
    await put('a/b', 'text');
    expect(await get('a/b')).toBe('text');
  });

  test('counts requests by operation', async () => {
    await put('a', '1');
    await put('a', '2');
    expect(Object.fromEntries(blobs.counters)).toEqual({ 'create-container': 1, 'put-blob': 2 });
  });

  test('refuses as a busy service does, with a body and without', async () => {
    await put('a', '1');
    blobs.faults.add({ action: { kind: 'refuse' }, times: 2 });
    await expect(get('a')).rejects.toMatchObject({ statusCode: 503 });
    await expect(container.getBlobClient('a').getProperties()).rejects.toMatchObject({
      statusCode: 503,
      details: { errorCode: 'ServerBusy' },
    });
    expect(await get('a')).toBe('1');
  });

  test('drops a request, or carries it out and loses the reply', async () => {
    blobs.faults.add({ operation: 'put-blob', action: { kind: 'drop' }, times: 1 });
    await expect(put('a', '1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await container.getBlobClient('a').exists()).toBe(false);
    blobs.faults.add({ operation: 'put-blob', action: { kind: 'lose-reply' }, times: 1 });
    await expect(put('a', '2')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await get('a')).toBe('2');
  });

  test('delays a request', async () => {
    blobs.faults.add({ action: { kind: 'delay', ms: 60 }, times: 1 });
    const before = performance.now();
    await put('a', '1');
    expect(performance.now() - before).toBeGreaterThanOrEqual(55);
    expect(await get('a')).toBe('1');
  });

  test('ends the leases that are meant, as time would', async () => {
    await put('a', '1');
    await put('b', '1');
    const [a, b] = ['a', 'b'].map((name) => container.getBlobClient(name).getBlobLeaseClient());
    await Promise.all([a?.acquireLease(15), b?.acquireLease(15)]);
    expect(blobs.expireLeases('locks/a')).toBe(1);
    const states: Record<string, unknown> = {};
    for await (const { name, properties } of container.listBlobsFlat()) states[name] = properties.leaseState;
    expect(states).toEqual({ a: 'expired', b: 'leased' });
    await expect(
      container.getBlockBlobClient('a').upload('2', 1, { conditions: { leaseId: a?.leaseId ?? '' } }),
    ).rejects.toMatchObject({ statusCode: 412 });
  });

  test('two of them share nothing', async () => {
    await using other = await startBlobs();
    await put('a', '1');
    const service = BlobServiceClient.fromConnectionString(other.connectionString, { retryOptions });
    expect(await service.getContainerClient('locks').exists()).toBe(false);
  });

  test('closing frees the port, also while a request is delayed and a client keeps its connection', async () => {
    blobs.faults.add({ operation: 'put-blob', action: { kind: 'delay', ms: 60_000 } });
    const hanging = expect(put('a', '1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect.poll(() => blobs.counters.get('put-blob')).toBe(1);
    await blobs.close();
    await blobs.close();
    await hanging;
    const server = createServer().listen(blobs.port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  });

  test('a busy port is refused', async () => {
    await expect(startBlobs({ port: blobs.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
