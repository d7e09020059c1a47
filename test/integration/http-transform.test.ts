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
import { message, setup, stop } from '../support/processor-rig.ts';
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
    const until3s = new Date(clock.wallMs() + 3_000).toISOString();
    await clock.advance(2_999);
    await expect(transform.apply(events, call)).rejects.toThrow(`asked for no request before ${until3s}`);
    expect(service.requests).toHaveLength(1);
    await clock.advance(1);
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

describe('a processor with a service', () => {
  /** Time of the processor is moved by hand, so that requests, which take real time, come in between. */
  function processor() {
    const transform = open();
    return setup({
      transforms: [{ name: 'score', type: 'http', match: {}, onError: 'dead_letter', transform }],
    });
  }

  async function advanced(world: ReturnType<typeof setup>, done: () => boolean, what: string) {
    await until(
      async () => {
        await world.clock.advance(1_000);
        return done();
      },
      () => what,
    );
  }

  test('dead-letters the change that the service refuses, and only that', async () => {
    service.otherwise = (response, request) => {
      const changes = JSON.parse(request.body.toString()) as readonly StampedEvent[];
      const isRefused = changes.some(({ metadata }) => metadata.id === 'c3');
      return isRefused ? status(422, {}, 'no such customer')(response, request) : echo(response, request);
    };
    const world = processor();
    await world.send(message([1, 2, 3, 4]), message([5]));
    const running = world.start();
    await advanced(world, () => world.output.got.length === 4, 'the others are delivered');
    await stop(world, running);
    expect(world.output.got).toEqual(['c1', 'c2', 'c4', 'c5']);
    expect(world.topic.deadLetters()).toMatchObject([
      {
        reason: 'TransformFailed',
        description: expect.stringMatching(/^change 2: transform score: .*422 .*no such customer$/),
      },
    ]);
  });

  test.each([
    [401, 'Unauthorized'],
    [404, 'EntityNotFound'],
    [503, 'Throttled'],
  ])('waits while the service answers %s, says so, and loses nothing', async (code, error) => {
    let asked = 0;
    service.otherwise = (response, request) => {
      asked += 1;
      return asked <= 5 ? status(code)(response, request) : echo(response, request);
    };
    const world = processor();
    await world.send(message([1, 2]), message([3]));
    const running = world.start();
    await advanced(world, () => world.output.got.length === 3, 'all are delivered');
    await stop(world, running);
    expect([world.output.got, world.topic.deadLetters()]).toEqual([['c1', 'c2', 'c3'], []]);
    const failure = world.said.find(({ sentence }) => sentence === 'transform score failed; retrying');
    expect(failure?.fields).toMatchObject({ code: error });
    expect(world.lines()).toContain('transform score recovered');
  });
});
