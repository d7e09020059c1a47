/** The output `http` against real servers of this machine. */
import { gzipSync } from 'node:zlib';
import {
  asDStreamError,
  BatchError,
  DStreamError,
  type DStreamError as Failure,
  type RoutedEvent,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { httpLimits, toHttp } from '../support/http-destination.ts';
import { HttpReceiver, linesOf, status, type Answer } from '../support/http-receiver.ts';
import { Changes, textOf } from '../support/publisher-rig.ts';
import { failing } from '../support/publishing.ts';
import { trustedCertificate } from '../support/trusted-certificate.ts';

const never = { signal: new AbortController().signal };

let receiver: HttpReceiver;
let changes: Changes;
beforeEach(async () => {
  receiver = await HttpReceiver.start();
  changes = new Changes();
});
afterEach(() => receiver[Symbol.asyncDispose]());

function publisher(options: Parameters<typeof toHttp>[1] = {}, path = '/changes') {
  const made = toHttp(receiver.url + path, options);
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

const failure = (answer: Answer, options: Parameters<typeof toHttp>[1] = {}): Promise<Failure> => {
  receiver.otherwise = answer;
  return failing(publisher(options), changes.events('A', 1, 1));
};

const idsOf = (events: readonly RoutedEvent[]) => events.map(({ event }) => event.metadata.id);
const accepted = () =>
  receiver.accepted.flatMap(linesOf).map((line) => (JSON.parse(line) as RoutedEvent['event']).metadata.id);

describe('an answer', () => {
  test.each([200, 201, 202, 204])('of %s means that the changes are there', async (code) => {
    receiver.otherwise = status(code);
    await publisher().publish(changes.events('A', 1, 3), never);
    expect(receiver.requests).toHaveLength(1);
  });

  test.each([
    [400, 'Rejected'],
    [409, 'Rejected'],
    [413, 'MessageTooLarge'],
    [415, 'Rejected'],
    [422, 'Rejected'],
  ])('of %s refuses the change for good, with the words of the receiver', async (code, expected) => {
    const error = await failure(status(code, {}, 'the column\n "Foo" is   missing'));
    expect(error).toMatchObject({ code: expected, disposition: 'dead-letter' });
    expect(error.message).toMatch(
      /^change \S+-A-1: http:\/\/localhost:\d+\/changes answered \d+ [A-Z][\w ]+: the column "Foo" is missing$/,
    );
  });

  test.each([401, 403, 404, 405, 407, 410, 402, 451, 300, 304])(
    'of %s is the fault of the output: its changes wait, and the error says what to look at',
    async (code) => {
      const error = await failure(status(code));
      expect(error).toMatchObject({ code: 'DestinationUnusable', disposition: 'retry' });
      expect(error.message).toMatch(/answered \d+ [A-Z][\w' ]+: .*(?:check|address of the proxy|redirects)/);
    },
  );

  test.each([
    [408, 'TimedOut'],
    [425, 'Transient'],
    [429, 'Throttled'],
    [500, 'Transient'],
    [501, 'Transient'],
    [502, 'Transient'],
    [503, 'Throttled'],
    [504, 'TimedOut'],
    [599, 'Transient'],
  ])('of %s passes: %s', async (code, expected) => {
    expect(await failure(status(code))).toMatchObject({ code: expected, disposition: 'retry' });
  });

  test('is judged by the configured statuses', async () => {
    const lastingStatuses = [404];
    expect(await failure(status(404), { lastingStatuses })).toMatchObject({ code: 'Rejected' });
    expect(await failure(status(400), { lastingStatuses })).toMatchObject({ code: 'DestinationUnusable' });
  });

  test('that repeats a secret is quoted without it', async () => {
    const headers = { authorization: 'Bearer open-sesame-1' };
    const error = await failure(
      (response, request) => void response.writeHead(400).end(`got ${request.headers['authorization']}`),
      { headers },
    );
    expect(error.message).toMatch(/got \[secret\]$/);
  });

  test('that is huge is not read to its end', async () => {
    let sent = 0;
    receiver.otherwise = async (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (sent < 500_000_000 && !response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 'x'))) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    };
    const to = publisher();
    await to.publish(changes.events('A', 1, 1), never);
    receiver.otherwise = undefined;
    await to.publish(changes.events('A', 2, 2), never);
    expect(sent).toBeLessThan(100_000_000);
    expect(accepted()).toEqual(idsOf(changes.events('A', 2, 2)));
  });

  test('that is compressed or empty is an answer', async () => {
    receiver.next.push(status(200, { 'content-encoding': 'gzip' }));
    receiver.next.push(
      (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('ok')),
    );
    const to = publisher();
    await to.publish(changes.events('A', 1, 1), never);
    await to.publish(changes.events('A', 2, 2), never);
    expect(receiver.requests).toHaveLength(2);
  });

  test.each<[string, Answer]>([
    ['before its beginning', (response) => void response.socket?.destroy()],
    [
      'in its middle',
      (response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.socket?.destroy());
      },
    ],
    ['in the middle of its head', (response) => void response.socket?.end('HTTP/1.1 200 OK\r\nContent-')],
  ])('that is cut %s is none', async (_, answer) => {
    const error = await failure(answer);
    expect(error).toMatchObject({ code: 'Unreachable', disposition: 'retry' });
    expect(error.message).toMatch(/^could not reach http:\/\/localhost:\d+\/changes: [A-Z_]+$/);
  });

  test('that is not HTTP is reported as that', async () => {
    const error = await failure((response) => void response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(error).toMatchObject({
      code: 'Unreachable',
      message: expect.stringMatching(/not answer as an HTTP server/),
    });
  });

  test.each<[string, Answer]>([
    ['at all', () => undefined],
    ['to its end', (response) => void response.writeHead(200).write('half')],
  ])('that does not come in time %s ends the request', async (_, answer) => {
    const error = await failure(answer, { requestTimeoutMs: 100 });
    expect(error).toMatchObject({ code: 'TimedOut', disposition: 'retry' });
    await expect.poll(() => receiver.open).toBe(0);
  });

  test('is not waited for after an abort, and the connection is closed', async () => {
    const stop = new AbortController();
    receiver.otherwise = () => stop.abort(new Error('the lock was lost'));
    await expect(publisher().publish(changes.events('A', 1, 3), stop)).rejects.toThrow('the lock was lost');
    await expect.poll(() => receiver.open).toBe(0);
  });
});

describe('a receiver that asks for time', () => {
  test.each([
    [429, '7', 7_000],
    [503, new Date(new ManualClock().wallMs() + 9_000).toUTCString(), 9_000],
    [503, '999999999', 3_600_000],
  ])('by %s and Retry-After: %s is left alone for it', async (code, after, ms) => {
    const clock = new ManualClock();
    const to = publisher({ clock });
    receiver.next.push(status(code, { 'retry-after': after }));
    const events = changes.events('A', 1, 3);
    expect(await failing(to, events)).toMatchObject({ code: 'Throttled' });
    await clock.advance(ms - 1);
    expect(await failing(to, events)).toMatchObject({
      code: 'Throttled',
      message: expect.stringMatching(/asked for no request before \d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(receiver.requests).toHaveLength(1);
    await clock.advance(1);
    await to.publish(events, never);
    expect(accepted()).toEqual(idsOf(events));
  });

  test.each(['soon', '-1', '0', ''])(
    'with a Retry-After of "%s" is asked at the caller’s pace',
    async (after) => {
      const to = publisher({ clock: new ManualClock() });
      receiver.next.push(status(429, { 'retry-after': after }));
      expect(await failing(to, changes.events('A', 1, 1))).toMatchObject({ code: 'Throttled' });
      await to.publish(changes.events('A', 1, 1), never);
    },
  );
});

describe('a redirect', () => {
  test.each([307, 308])(
    'by %s is followed on the same host, with method, body and signature',
    async (code) => {
      receiver.next.push(status(code, { location: '/v2/changes' }));
      await publisher({ method: 'PUT' }).publish(changes.events('A', 1, 2), never);
      const [first, second] = receiver.requests;
      expect([second?.method, second?.path]).toEqual(['PUT', '/v2/changes']);
      expect(second?.body).toEqual(first?.body);
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    },
  );

  test.each([301, 302, 303, 307, 308])(
    'by %s to another host is not followed, and the error names it',
    async (code) => {
      await using other = await HttpReceiver.start();
      const error = await failure(status(code, { location: `${other.url}/stolen?key=hunter2hunter2` }));
      expect(error).toMatchObject({ code: 'DestinationUnusable' });
      expect(error.message).toContain(`is the url ${other.url}/stolen?`);
      expect(error.message).not.toContain('hunter2');
      expect([...other.requests, ...other.asked]).toEqual([]);
    },
  );

  test('in a circle ends', async () => {
    const error = await failure(status(307, { location: '/changes' }));
    expect(error).toMatchObject({ code: 'DestinationUnusable' });
    expect(receiver.requests).toHaveLength(4);
  });
});

describe('requests', () => {
  test('hold what was configured: forms, sizes, headers, method', async () => {
    const events = changes.events('A', 1, 5);
    const to = (form: 'array' | 'lines' | 'single') =>
      publisher({
        limits: { ...httpLimits, form, maxChanges: 3 },
        method: 'PATCH',
        headers: { 'x-team': 'cdc' },
      });
    for (const form of ['array', 'lines', 'single'] as const) await to(form).publish(events, never);
    const seen = receiver.requests.map((request) => [
      request.headers['content-type'],
      linesOf(request).length,
    ]);
    expect(seen).toEqual([
      ['application/json', 3],
      ['application/json', 2],
      ['application/x-ndjson', 3],
      ['application/x-ndjson', 2],
      ...events.map(() => ['application/json', 1]),
    ]);
    for (const { method, headers, body } of receiver.requests) {
      expect([method, headers['x-team'], headers['content-length']]).toEqual([
        'PATCH',
        'cdc',
        `${body.length}`,
      ]);
    }
    expect(receiver.requests.flatMap(linesOf)).toEqual([...events, ...events, ...events].map(textOf));
  });

  test('use a connection again, and several side by side for several keys', async () => {
    const to = publisher();
    for (let n = 1; n <= 10; n += 1) await to.publish([changes.event('A', n)], never);
    // The client opens a second one where the first has not become free in the same turn.
    expect(new Set(receiver.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
    let [open, most] = [0, 0];
    receiver.otherwise = async (response) => {
      most = Math.max(most, (open += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      open -= 1;
      response.end();
    };
    const keys = Array.from({ length: 8 }, (_, i) => `K${i}`);
    await Promise.all(keys.map((key) => to.publish(changes.events(key, 1, 3), never)));
    expect(most).toBeGreaterThan(1);
  });

  test('of one key follow each other', async () => {
    let open = 0;
    const overlaps: number[] = [];
    receiver.otherwise = async (response, request) => {
      overlaps.push((open += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      receiver.accepted.push(request);
      response.end();
    };
    const events = changes.events('A', 1, 20);
    await publisher({ limits: { ...httpLimits, maxChanges: 3 } }).publish(events, never);
    expect(Math.max(...overlaps)).toBe(1);
    expect(accepted()).toEqual(idsOf(events));
  });

  test('that are refused are halved until the change is found, and what is before it is accepted', async () => {
    const bad = '"N":23,';
    receiver.otherwise = (response, request) => {
      if (request.body.includes(bad)) response.writeHead(422).end();
      else receiver.accept(response, request);
    };
    const events = changes.events('A', 1, 40);
    const error = await failing(publisher({ limits: { ...httpLimits, maxChanges: 30 } }), events);
    expect(error).toBeInstanceOf(BatchError);
    expect((error as BatchError).failures).toMatchObject([{ from: 22, error: { code: 'Rejected' } }]);
    expect(accepted()).toEqual(idsOf(events.slice(0, 22)));
    expect(receiver.requests.length).toBeLessThan(12);
  });

  test('to several URLs delay each other only where one does not answer', async () => {
    receiver.otherwise = (response, request) => {
      if (request.path === '/t/Bad%20Table') response.writeHead(404).end();
      else receiver.accept(response, request);
    };
    const to = publisher({}, '/t/{{ table }}');
    await to.connect(never);
    expect(receiver.asked.map(({ path }) => path)).toEqual(['/']);
    const error = await failing(to, [...changes.events('Bad Table', 1, 2), ...changes.events('Good', 1, 2)]);
    expect(error).toMatchObject({ failures: [{ from: 0, error: { code: 'DestinationUnusable' } }] });
    expect(accepted()).toEqual(idsOf(changes.events('Good', 1, 2)));
  });

  test('go to the URL that a transform has chosen, of the same host only', async () => {
    const [a, b, c] = changes.events('A', 1, 3);
    const chosen = (event: RoutedEvent | undefined, destination: string) => ({
      ...(event as RoutedEvent),
      destination,
    });
    const to = publisher();
    await to.publish([chosen(a, '/eu'), chosen(b, `${receiver.url}/us?x=1`)], never);
    expect(receiver.requests.map(({ path }) => path).sort()).toEqual(['/eu', '/us?x=1']);
    const error = await failing(to, [chosen(c, 'https://evil.example/x')]);
    expect(error).toMatchObject({ code: 'Rejected', message: expect.stringMatching(/leads elsewhere/) });
  });
});

describe('CloudEvents', () => {
  const structured = (event: RoutedEvent): RoutedEvent => ({
    ...event,
    contentType: 'application/cloudevents+json',
  });

  test('structured, are batched as an array or sent one by one, each with its media type', async () => {
    const events = changes.events('A', 1, 3).map(structured);
    await publisher().publish(events, never);
    await publisher({ limits: { ...httpLimits, form: 'single' } }).publish(events.slice(0, 1), never);
    expect(receiver.requests.map(({ headers }) => headers['content-type'])).toEqual([
      'application/cloudevents-batch+json',
      'application/cloudevents+json',
    ]);
  });

  test('in binary mode are one a request, with their attributes as headers', async () => {
    const attributes = { id: 'a b', source: '/s/d', type: 'é"%', specversion: '1.0' };
    const events = changes.events('A', 1, 2).map((event) => ({ ...event, attributes }));
    await publisher().publish([...events, changes.event('A', 3)], never);
    const [first, second, third] = receiver.requests;
    expect(first?.headers).toMatchObject({
      'content-type': 'application/json',
      'ce-id': 'a%20b',
      'ce-source': '/s/d',
      'ce-type': '%C3%A9%22%25',
      'ce-specversion': '1.0',
    });
    expect([first, second].map((request) => request?.body.toString())).toEqual(events.map(textOf));
    expect(third?.headers['ce-id']).toBeUndefined();
  });
});

describe('a signature', () => {
  const [current, previous, other] = ['a', 'b', 'c'].map(
    (letter) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`,
  ) as [string, string, string];

  const verified = (secret: string) =>
    receiver.requests.map(({ body, headers }) =>
      new Webhook(secret).verify(body, headers as Record<string, string>),
    );

  test('is accepted by the library of the standard, for every form of body', async () => {
    const events = changes.events('A', 1, 3);
    for (const form of ['array', 'single'] as const)
      await publisher({ secrets: [current], limits: { ...httpLimits, form } }).publish(events, never);
    const sent = events.map((event) => JSON.parse(textOf(event)) as unknown);
    expect(verified(current)).toEqual([sent, ...sent]);
    expect(() => verified(other)).toThrow('No matching signature found');
  });

  test('is made with both secrets while one is exchanged', async () => {
    await publisher({ secrets: [current, previous] }).publish(changes.events('A', 1, 1), never);
    expect([verified(current).length, verified(previous).length]).toEqual([1, 1]);
    expect(() => verified(other)).toThrow('No matching signature found');
  });

  test('has an id that a repeat has, too, and no other request', async () => {
    const to = publisher({ secrets: [current] });
    receiver.next.push(status(503));
    await failing(to, changes.events('A', 1, 2));
    await to.publish(changes.events('A', 1, 2), never);
    await to.publish(changes.events('A', 1, 1), never);
    const [first, repeat, another] = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(repeat).toBe(first);
    expect(another).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('connecting', () => {
  test('asks once, and takes any answer', async () => {
    await publisher({ headers: { authorization: 'Bearer x' } }).connect(never);
    expect(receiver.asked.map(({ path, headers }) => [path, headers['authorization']])).toEqual([
      ['/changes', 'Bearer x'],
    ]);
  });

  test('to a service that is not there can be tried again, and the error names what it may name', async () => {
    const { url } = receiver;
    await receiver[Symbol.asyncDispose]();
    await using to = toHttp(`${url}/hooks/T0000/Zq8wXs1kLmN4pQ7r?code=hunter2hunter2`);
    const error = await to.connect(never).then(() => expect.unreachable('it answered'), asDStreamError);
    expect(error).toMatchObject({
      code: 'Unreachable',
      message: `could not reach ${url}/hooks/T0000/…: ECONNREFUSED`,
    });
    receiver = await HttpReceiver.start();
  });

  test('to a host whose name is not known', async () => {
    await using to = toHttp('http://no-such-host.invalid/');
    await expect(to.connect(never)).rejects.toMatchObject({
      code: 'Unreachable',
      message: expect.stringMatching(
        /^could not reach http:\/\/no-such-host\.invalid\/: (?:ENOTFOUND|EAI_AGAIN)$/,
      ),
    });
  });

  test('by TLS needs a certificate that is trusted', async () => {
    const certificate = await trustedCertificate();
    await using secure = await HttpReceiver.start(certificate);
    await using to = toHttp(`${secure.url}/changes`);
    await to.connect(never);
    await to.publish(changes.events('A', 1, 3), never);
    expect(secure.requests).toHaveLength(1);
  });

  test('passes the proxy of the environment, which the error names without its address', async () => {
    const certificate = await trustedCertificate();
    await using secure = await HttpReceiver.start(certificate);
    await using proxy = await startConnectProxy();
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    onTestFinished(() => void vi.unstubAllEnvs());
    await using to = toHttp(`${secure.url}/changes`);
    await to.publish(changes.events('A', 1, 3), never);
    expect(proxy.tunnels).toEqual([new URL(secure.url).host]);

    vi.stubEnv('NO_PROXY', 'localhost');
    await using direct = toHttp(`${secure.url}/changes`);
    await direct.publish(changes.events('A', 4, 4), never);
    expect(proxy.tunnels).toHaveLength(1);
    vi.stubEnv('NO_PROXY', '');

    vi.stubEnv('HTTPS_PROXY', 'http://user:open-sesame@127.0.0.1:9');
    await using failed = toHttp(`${secure.url}/changes`);
    const error = await failed.connect(never).then(() => expect.unreachable('it answered'), asDStreamError);
    expect(error).toBeInstanceOf(DStreamError);
    expect(error.message).toMatch(
      /^could not reach https:\/\/localhost:\d+\/changes, through the proxy of HTTPS_PROXY: /,
    );
    expect(error.message).not.toContain('sesame');
  });
});
