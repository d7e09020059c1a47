import { RestError } from '@azure/storage-blob';
import { DStreamError, silentLog, type InstanceId } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test, vi } from 'vitest';
import { Storage } from './storage.ts';
import { translated } from './translate-error.ts';

function setup() {
  const clock = new ManualClock();
  const storage = new Storage({
    connectionString:
      'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=b3Blbg==;EndpointSuffix=core.windows.net',
    containerName: 'locks',
    source: { scope: 'db1/shop' },
    instance: 'a' as InstanceId,
    leaseDurationMs: 15_000,
    clock,
    log: silentLog,
    newId: () => 'some id',
  });
  return { clock, storage };
}

/** A fifth of the lease. */
const limitMs = 3_000;

/** Answers never, and rejects as the client does when it is aborted. */
const hang = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('AbortError')), { once: true });
  });

describe('a call', () => {
  test('gives what it gives and leaves no timer', async () => {
    const { clock, storage } = setup();
    const { signal } = new AbortController();
    await expect(storage.call(signal, async () => 7)).resolves.toBe(7);
    expect(clock.sleeping).toBe(0);
  });

  test('that hangs is aborted when its time is over, and is a transient error', async () => {
    const { clock, storage } = setup();
    const { signal } = new AbortController();
    const failed = vi.fn<(error: unknown) => void>();
    const calls = [storage.call(signal, hang), storage.call(signal, hang, 100)];
    for (const call of calls) call.catch(failed);
    await clock.advance(99);
    expect(failed).not.toHaveBeenCalled();
    await clock.advance(1);
    await expect(calls[1]).rejects.toMatchObject({ code: 'TimedOut', disposition: 'retry' });
    await clock.advance(limitMs - 101);
    expect(failed).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    await expect(calls[0]).rejects.toMatchObject({ code: 'TimedOut', disposition: 'retry' });
    expect(clock.sleeping).toBe(0);
  });

  test('waits for its turn where 64 are under way, and the wait counts', async () => {
    const { clock, storage } = setup();
    const { signal } = new AbortController();
    const under = Array.from({ length: 64 }, () => storage.call(signal, hang));
    const started = vi.fn<() => Promise<void>>(() => Promise.resolve());
    const late = storage.call(signal, started, 100);
    const ended = expect(late).rejects.toMatchObject({ code: 'TimedOut' });
    await clock.advance(100);
    await ended;
    expect(started).not.toHaveBeenCalled();
    await clock.advance(limitMs);
    for (const one of await Promise.allSettled(under)) expect(one.status).toBe('rejected');
    await storage.call(signal, started);
    expect(started).toHaveBeenCalledTimes(1);
  });

  test('that is aborted rejects with the reason, not with the client’s error', async () => {
    const { clock, storage } = setup();
    const stop = new AbortController();
    const reason = new Error('enough');
    const done = translated('testing', stop.signal, () => storage.call(stop.signal, hang));
    stop.abort(reason);
    await expect(done).rejects.toBe(reason);
    expect(clock.sleeping).toBe(0);
  });

  test('that fails shows nothing of its request, whose address may be signed', async () => {
    const request = { url: 'https://a.blob.core.windows.net/?sig=TOPSECRET' };
    const signed = new RestError('text of the service', {
      request,
      response: { request, status: 409 },
    } as never);
    const { storage } = setup();
    const { signal } = new AbortController();
    const error: unknown = await storage
      .call(signal, () => Promise.reject(signed))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RestError);
    const { request: shown, response } = error as RestError;
    expect([shown, response]).toEqual([undefined, undefined]);
  });

  test('that fails while the caller aborts keeps a decision of ours', async () => {
    const { signal } = new AbortController();
    const lost = new DStreamError('LeaseLost', 'gone');
    await expect(translated('testing', signal, () => Promise.reject(lost))).rejects.toBe(lost);
  });
});
