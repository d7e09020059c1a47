import { RestError } from '@azure/storage-blob';
import { DStreamError } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { bounded, translated } from './bounded.ts';

/** Answers never, and rejects as the client does when it is aborted. */
const hang = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('AbortError')), { once: true });
  });

describe('a call', () => {
  test('gives what it gives and leaves no timer', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    await expect(bounded({ clock, timeoutMs: 1_000 }, signal, async () => 7)).resolves.toBe(7);
    expect(clock.sleeping).toBe(0);
  });

  test('that hangs is aborted when its time is over, and is a passing error', async () => {
    const clock = new ManualClock();
    const done = expect(
      bounded({ clock, timeoutMs: 1_000 }, new AbortController().signal, hang),
    ).rejects.toMatchObject({ code: 'TimedOut', disposition: 'retry' });
    await clock.advance(1_000);
    await done;
    expect(clock.sleeping).toBe(0);
  });

  test('that is aborted rejects with the reason, not with the client’s error', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const reason = new Error('enough');
    const done = translated('testing', stop.signal, () =>
      bounded({ clock, timeoutMs: 1_000 }, stop.signal, hang),
    );
    stop.abort(reason);
    await expect(done).rejects.toBe(reason);
    expect(clock.sleeping).toBe(0);
  });

  test('that fails or hangs shows nothing of its request, whose address may be signed', async () => {
    const clock = new ManualClock();
    const request = { url: 'https://a.blob.core.windows.net/?sig=TOPSECRET' };
    const signed = () =>
      new RestError('text of the service', { request, response: { request, status: 409 } } as never);
    const { signal } = new AbortController();
    const thrownBy = (run: (signal: AbortSignal) => Promise<never>) =>
      bounded({ clock, timeoutMs: 1_000 }, signal, run).catch((error: unknown) => error);
    const failing = thrownBy(() => Promise.reject(signed()));
    const hanging = thrownBy((over) => hang(over).catch(() => Promise.reject(signed())));
    await clock.advance(1_000);
    const { cause } = (await hanging) as { cause: unknown };
    for (const error of [await failing, cause]) {
      expect(error).toBeInstanceOf(RestError);
      const { request: shown, response } = error as RestError;
      expect([shown, response]).toEqual([undefined, undefined]);
    }
    expect(await hanging).toMatchObject({ code: 'TimedOut', cause: { message: 'text of the service' } });
  });

  test('that fails while the caller aborts keeps a decision of ours', async () => {
    const { signal } = new AbortController();
    const lost = new DStreamError('LeaseLost', 'gone');
    await expect(translated('testing', signal, () => Promise.reject(lost))).rejects.toBe(lost);
  });
});
