/** Asking a process for its `/status`: every way it can go is an answer. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askReplica } from '@dstream/status';
import { afterEach, expect, test } from 'vitest';

const never = new AbortController().signal;
const stack: (() => void)[] = [];
afterEach(() => {
  for (const close of stack.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json =
  (value: unknown): RequestListener =>
  (_request, response) =>
    response.end(JSON.stringify(value));

test('a status is read from /status', async () => {
  const paths: (string | undefined)[] = [];
  const address = await serve((request, response) => {
    paths.push(request.url);
    json({ ingester: { instance: 'i1', tables: [] } })(request, response);
  });
  expect(await askReplica(address, never)).toEqual({
    address,
    report: { ingester: { instance: 'i1', announcement: null, tables: [] }, processor: undefined },
    problem: undefined,
  });
  expect(paths).toEqual(['/status']);
});

test('the token is sent, and not where a redirection leads', async () => {
  const sent: (string | undefined)[] = [];
  const elsewhere = await serve((request, response) => {
    sent.push(`elsewhere ${request.headers.authorization}`);
    response.end('{}');
  });
  const address = await serve((request, response) => {
    sent.push(request.headers.authorization);
    response.writeHead(307, { location: `${elsewhere}/status` }).end();
  });
  const token = 'correct-horse-battery';
  expect(await askReplica(address, never, token)).toMatchObject({ problem: 'no answer' });
  expect(await askReplica(address, never)).toMatchObject({ problem: 'no answer' });
  expect(sent).toEqual([`Bearer ${token}`, undefined]);
});

test.each<[number, string | undefined, string]>([
  [401, 'correct-horse-battery', 'it refuses the token (HTTP 401): its service { token } is another one'],
  [
    401,
    undefined,
    'it asks for a token (HTTP 401): set service { token }, or DSTREAM_HTTP_TOKEN for --address alone',
  ],
  [
    403,
    undefined,
    'it serves no status (HTTP 403): its service has no token, and its address is not loopback',
  ],
  [
    421,
    undefined,
    'it does not answer under this host name (HTTP 421): ask by IP address, or set service { token }',
  ],
])('HTTP %i says what is wrong with the token %s', async (status, token, problem) => {
  const address = await serve((_, response) => response.writeHead(status).end());
  expect(await askReplica(address, never, token)).toEqual({ address, report: undefined, problem });
});

test.each<[string, RequestListener, string]>([
  ['other JSON', json({ status: 'ok' }), 'the process at this address is not dstream'],
  ['a page', (_, response) => response.end('<html>'), 'the process at this address is not dstream'],
  ['an error', (_, response) => response.writeHead(503).end('no'), 'it answers with HTTP 503'],
  ['a redirection', (_, response) => response.writeHead(302, { location: '/x' }).end(), 'no answer'],
  ['a connection that breaks', (request) => request.socket.destroy(), 'no answer (UND_ERR_SOCKET)'],
  [
    'more than a status can be',
    (_, response) => {
      const chunk = Buffer.alloc(1_048_576, 32);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    },
    'the process at this address is not dstream',
  ],
])('%s is no status', async (_, listener, problem) => {
  const address = await serve(listener);
  expect(await askReplica(address, never)).toEqual({ address, report: undefined, problem });
});

test('nobody there is said', async () => {
  const address = await serve(json({}));
  for (const close of stack.splice(0)) close();
  expect(await askReplica(address, never)).toMatchObject({ problem: 'nothing listens there' });
});

test('who never answers is waited for two seconds', async () => {
  const start = performance.now();
  expect(await askReplica(await serve(() => undefined), never)).toMatchObject({
    problem: 'no answer within 2 s',
  });
  expect(performance.now() - start).toBeGreaterThan(1_900);
});

test('an abort ends it at once, with its reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const asking = askReplica(await serve(() => controller.abort(reason)), controller.signal);
  await expect(asking).rejects.toBe(reason);
});
