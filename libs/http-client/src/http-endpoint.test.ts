import { SharedTimeout } from '@dstream/async';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '@dstream/memory/manual-clock';
import type { HttpAnswer, HttpRequest } from './http-client.ts';
import { HttpEndpoint } from './http-endpoint.ts';

const never = new AbortController().signal;
const url = 'https://h/hook?key=hunter2';
const post = { method: 'POST', headers: { authorization: 'Bearer x' }, body: Buffer.from('[]') } as const;

type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>;

const answer = (status: number, headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  status,
  headers,
  body: Buffer.of(),
  isWhole: true,
});

/** The answers come in turn, the last one again and again. */
function endpointOf(...answers: readonly (HttpAnswer | Send)[]) {
  const clock = new ManualClock();
  const requests: HttpRequest[] = [];
  const send: Send = (request, signal) => {
    const next = answers[Math.min(requests.push(request), answers.length) - 1];
    return typeof next === 'function' ? next(request, signal) : Promise.resolve(next ?? answer(204));
  };
  const timeout = new SharedTimeout(clock, 1_000);
  const options = { client: { send }, timeout, clock, lastingStatuses: new Set([400]), hide: String };
  return { endpoint: new HttpEndpoint({ url, shown: 'https://h/hook' }, options), clock, requests, timeout };
}

describe('a redirect', () => {
  test.each([307, 308])('%i on the same host is followed with method, headers and body', async (status) => {
    const { endpoint, requests } = endpointOf(answer(status, { location: '/new?a=1' }), answer(204));
    expect(await endpoint.ask(post, never)).toMatchObject({ status: 204 });
    expect(requests).toEqual([
      { ...post, url, shown: 'https://h/hook' },
      { ...post, url: 'https://h/new?a=1', shown: 'https://h/hook' },
    ]);
  });

  test.each([
    [307, 'https://other/hook'],
    [308, 'http://h/hook'],
    [307, 'https://h:444/hook'],
    [302, '/new'],
    [307, undefined],
    [307, 'https://'],
  ])('%s to %s is not: headers go nowhere else', async (status, location) => {
    const { endpoint, requests } = endpointOf(answer(status, { location }));
    await expect(endpoint.ask(post, never)).rejects.toMatchObject({ disposition: 'fatal' });
    expect(requests).toHaveLength(1);
  });

  test('without end is given up after three', async () => {
    const { endpoint, requests } = endpointOf(answer(307, { location: '/hook' }));
    await expect(endpoint.ask(post, never)).rejects.toMatchObject({ disposition: 'fatal' });
    expect(requests).toHaveLength(4);
  });
});

describe('Retry-After', () => {
  test('is kept without a request, with the same words until then', async () => {
    const { endpoint, clock, requests } = endpointOf(answer(503, { 'retry-after': '30' }), answer(204));
    await expect(endpoint.ask(post, never)).rejects.toMatchObject({ code: 'Throttled' });
    const words = 'https://h/hook asked for no request before 2026-11-20T00:00:30.000Z';
    await expect(endpoint.ask(post, never)).rejects.toMatchObject({ code: 'Throttled', message: words });
    await clock.advance(29_999);
    await expect(endpoint.ask(post, never)).rejects.toMatchObject({ disposition: 'retry', message: words });
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    expect(await endpoint.ask(post, never)).toMatchObject({ status: 204 });
  });

  test('of another status asks for nothing', async () => {
    const { endpoint } = endpointOf(answer(500, { 'retry-after': '30' }), answer(204));
    await expect(endpoint.ask(post, never)).rejects.toMatchObject({ code: 'Transient' });
    expect(await endpoint.ask(post, never)).toMatchObject({ status: 204 });
  });
});

describe('a request', () => {
  const silent: Send = (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });

  test('without an answer in time is ended, and the next one is sent', async () => {
    const signals: AbortSignal[] = [];
    const late: Send = (request, signal) => (signals.push(signal), silent(request, signal));
    const { endpoint, clock, timeout } = endpointOf(late, answer(204));
    const asking = expect(endpoint.ask(post, never)).rejects.toMatchObject({
      code: 'TimedOut',
      message: 'no answer from https://h/hook in time',
    });
    await clock.advance(999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await clock.advance(1);
    await asking;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await endpoint.ask(post, never)).toMatchObject({ status: 204 });
    await timeout.dispose();
    expect(clock.sleeping).toBe(0);
  });

  test('ends on abort with its reason', async () => {
    const { endpoint, timeout } = endpointOf(silent);
    const stop = new AbortController();
    const asking = expect(endpoint.ask(post, stop.signal)).rejects.toThrow('stopping');
    stop.abort(new Error('stopping'));
    await asking;
    await timeout.dispose();
  });

  test('to reach the service takes any answer', async () => {
    const { endpoint, requests } = endpointOf(answer(404));
    await endpoint.reach(post.headers, never);
    expect(requests).toEqual([
      { url, shown: 'https://h/hook', method: 'OPTIONS', headers: { authorization: 'Bearer x' } },
    ]);
  });
});
