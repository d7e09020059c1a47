/** The transform `http` against real servers of this machine. What a status means is tested with the output (`http-output.test.ts`). */
import { systemClock } from '@dstream/async';
import type { StampedEvent, TransformCall } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  openHttpTransform,
  type HttpTransformSettings,
} from '../../libs/transforms/src/http/open-http-transform.ts';
import { aChange } from '../support/a-change.ts';
import { HttpReceiver, status, type Answer } from '../support/http-receiver.ts';
import { until } from '../support/until.ts';

let service: HttpReceiver;
beforeEach(async () => {
  service = await HttpReceiver.start();
  service.otherwise = echo;
});
afterEach(() => service[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const echo: Answer = (response, { body }) => void response.writeHead(200, json).end(body);

const events = [1, 2, 3].map((n): StampedEvent => {
  const { data, metadata } = aChange(n);
  return { data, metadata: { ...metadata, generation: 1, epoch: 1 } };
});
const call: TransformCall = { signal: new AbortController().signal, route: () => undefined };

function open(settings: Partial<HttpTransformSettings> = {}) {
  const transform = openHttpTransform({
    url: `${service.url}/changes?key=hunter2hunter2`,
    headers: { authorization: 'Bearer open-sesame-1' },
    timeoutMs: 10_000,
    limits: { maxChanges: 100, maxBytes: 100_000, maxAnswerBytes: 100_000 },
    lastingStatuses: [400, 422],
    clock: systemClock,
    ...settings,
  });
  onTestFinished(() => transform[Symbol.asyncDispose]());
  return transform;
}

describe('a service', () => {
  test('gets the changes as a JSON array over a connection that is kept', async () => {
    const transform = open();
    expect(await transform.apply(events, call)).toEqual(events.map((event) => [event]));
    for (let n = 0; n < 10; n += 1) await transform.apply(events, call);
    const [first] = service.requests;
    expect(first).toMatchObject({
      method: 'POST',
      path: '/changes?key=hunter2hunter2',
      headers: { authorization: 'Bearer open-sesame-1', ...json },
    });
    expect(JSON.parse(first?.body.toString() ?? '')).toEqual(events);
    expect(service.requests.at(-1)?.connection).toBeLessThanOrEqual(2);
  });

  test.each([
    [422, 'TransformFailed', 'dead-letter'],
    [401, 'Unauthorized', 'fatal'],
    [404, 'EntityNotFound', 'fatal'],
    [503, 'Throttled', 'retry'],
  ])('that answers %s is understood', async (code, expected, disposition) => {
    service.otherwise = status(code, {}, 'the key hunter2hunter2 of Bearer open-sesame-1');
    const failure = open().apply(events, call);
    await expect(failure).rejects.toMatchObject({ code: expected, disposition });
    await expect(failure).rejects.not.toThrow(/hunter2|open-sesame/);
  });

  test('is not asked again before the time that it names', async () => {
    const clock = new ManualClock();
    const transform = open({ clock });
    service.next.push(status(429, { 'retry-after': '3' }));
    await expect(transform.apply(events, call)).rejects.toMatchObject({ code: 'Throttled' });
    await expect(transform.apply(events, call)).rejects.toThrow('asked for no request for another 3 s');
    expect(service.requests).toHaveLength(1);
    await clock.advance(3_000);
    await transform.apply(events, call);
    expect(service.requests).toHaveLength(2);
  });

  test('that is late is given up, and its connection ended', async () => {
    service.otherwise = () => undefined;
    await expect(open({ timeoutMs: 50 }).apply(events, call)).rejects.toMatchObject({ code: 'TimedOut' });
    await until(
      () => service.open === 0,
      () => 'the connection is closed',
    );
  });

  test('that is not there, or drops the connection, may work later', async () => {
    service.otherwise = (response) => void response.socket?.destroy();
    await expect(open().apply(events, call)).rejects.toMatchObject({ code: 'Unreachable' });
    const gone = open({ url: 'http://127.0.0.1:9/' });
    await expect(gone.apply(events, call)).rejects.toMatchObject({ code: 'Unreachable' });
  });

  test('that sends to another host gets no secret there', async () => {
    await using other = await HttpReceiver.start();
    service.otherwise = status(307, { location: `${other.url}/x` });
    await expect(open().apply(events, call)).rejects.toMatchObject({ disposition: 'fatal' });
    service.next.push(status(308, { location: '/moved' }), echo);
    expect(await open().apply(events, call)).toHaveLength(3);
    expect([other.requests.length, service.requests.at(-1)?.path]).toEqual([0, '/moved']);
  });

  test('that answers without an end is cut off', async () => {
    let ended = false;
    service.otherwise = (response) => {
      response.writeHead(200, json).on('close', () => (ended = true));
      const more = (): void => {
        if (response.destroyed) return;
        if (response.write(' '.repeat(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    };
    await expect(open().apply(events, call)).rejects.toThrow('answered with more than 100000 bytes');
    await until(
      () => ended,
      () => 'the answer is ended',
    );
  });

  test('is left alone after an abort', async () => {
    const stop = new AbortController();
    service.otherwise = () => stop.abort(new Error('stopping'));
    await expect(open().apply(events, { ...call, signal: stop.signal })).rejects.toThrow('stopping');
    await until(
      () => service.open === 0,
      () => 'the connection is closed',
    );
  });
});
