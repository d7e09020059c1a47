/** What the front does to a request that meets a fault. Streams stand for the sockets; Azurite is a function. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BlobFaults, type BlobFault } from './faults.ts';
import { createFront } from './front.ts';
import type { BlobOperation } from './operation.ts';

let faults: BlobFaults;
let counters: Map<BlobOperation, number>;
let closing: AbortController;
/** Names of what happened, in order. */
let happened: string[];
let response: ServerResponse;

beforeEach(() => {
  vi.useFakeTimers();
  [faults, counters, closing, happened] = [new BlobFaults(), new Map(), new AbortController(), []];
});
afterEach(() => vi.useRealTimers());

const answersOk: RequestListener = (_, reply) => {
  happened.push('handled');
  reply.end('ok');
};

/** One request through the front. */
function ask(method = 'PUT', url = '/account/locks/a', headers: Readonly<Record<string, string>> = {}): void {
  const request = {
    method,
    url,
    headers,
    resume: () => happened.push('body read'),
    socket: { destroy: () => happened.push('cut') },
  } as unknown as IncomingMessage;
  response = {
    writeHead(status: number, sent: Readonly<Record<string, string>>) {
      happened.push(`${status} ${sent['x-ms-error-code']}`);
      return this;
    },
    write: (text: string) => happened.push(`write ${text}`),
    end: (text?: string) => happened.push(text === undefined ? 'end' : `end ${text}`),
  } as unknown as ServerResponse;
  createFront({ faults, counters, handle: answersOk, closing: closing.signal })(request, response);
}

const busy =
  '<?xml version="1.0" encoding="utf-8"?><Error><Code>ServerBusy</Code><Message>ServerBusy</Message></Error>';

test('a request without a fault is handled and counted by its operation', () => {
  ask();
  ask('PUT', '/account/locks/a?comp=lease', { 'x-ms-lease-action': 'renew' });
  expect(happened).toEqual(['handled', 'end ok', 'handled', 'end ok']);
  expect(Object.fromEntries(counters)).toEqual({ 'put-blob': 1, 'renew-lease': 1 });
});

describe('a refused request', () => {
  test('is not handled; it is answered as a busy service does, and counted', () => {
    faults.add({ action: { kind: 'refuse' } });
    ask();
    expect(happened).toEqual(['body read', '503 ServerBusy', `end ${busy}`]);
    expect(counters.get('put-blob')).toBe(1);
  });

  test('of HEAD has the code in its header only', () => {
    faults.add({ action: { kind: 'refuse', status: 404, code: 'BlobNotFound' } });
    ask('HEAD');
    expect(happened).toEqual(['body read', '404 BlobNotFound', 'end']);
  });
});

test('a dropped request is neither handled nor answered', () => {
  faults.add({ action: { kind: 'drop' } });
  ask();
  expect(happened).toEqual(['cut']);
});

test('of a request whose reply is lost everything is done, and nothing is answered', () => {
  faults.add({ action: { kind: 'lose-reply' } });
  ask();
  expect(happened).toEqual(['handled', 'cut']);
  response.write('more');
  expect(happened).toEqual(['handled', 'cut', 'cut']);
});

describe('a delayed request', () => {
  const delay: BlobFault = { action: { kind: 'delay', ms: 500 } };

  test('is handled when its time is over, not before', async () => {
    faults.add(delay);
    ask();
    await vi.advanceTimersByTimeAsync(499);
    expect(happened).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(happened).toEqual(['handled', 'end ok']);
  });

  test('is cut, and not handled, when the server closes meanwhile; no timer is left', async () => {
    faults.add(delay);
    ask();
    closing.abort();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(happened).toEqual(['cut']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not hold up the next one, which met no fault', async () => {
    faults.add({ ...delay, times: 1 });
    ask();
    ask();
    expect(happened).toEqual(['handled', 'end ok']);
    await vi.advanceTimersByTimeAsync(500);
    expect(happened).toHaveLength(4);
  });
});
