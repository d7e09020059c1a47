/** `dstream health`: what it asks, what it prints, and its exit code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics, startHttp } from '@dstream/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askHealth } from '../../apps/dstream/src/health/ask-health.ts';
import { runDstream } from '../support/status-command.ts';

interface Served extends AsyncDisposable {
  readonly address: string;
}

async function serve(listener: RequestListener): Promise<Served> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const answering =
  (status: number, body: string): RequestListener =>
  (_request, response) =>
    response.writeHead(status).end(body);

describe('an answer', () => {
  test.each<[string, RequestListener, boolean, string]>([
    ['of a process that lives', answering(200, 'alive\n'), true, 'is alive'],
    ['of one that was aborted', answering(503, 'aborted\n'), false, 'is not alive: aborted'],
    [
      'of another program',
      answering(200, '<html>'),
      false,
      'is not alive: the process at this address is not dstream',
    ],
    [
      'that leads elsewhere',
      (_, response) => response.writeHead(302, { location: '/readyz' }).end('alive\n'),
      false,
      'is not alive: the process at this address is not dstream',
    ],
    ['that breaks off', (request) => request.socket.destroy(), false, 'is not alive: no answer (ECONNRESET)'],
    ['that never comes', () => undefined, false, 'is not alive: no answer within 0.2 s'],
    [
      'that never ends',
      (_, response) => void response.writeHead(200).write('al'),
      false,
      'is not alive: no answer within 0.2 s',
    ],
    [
      'longer than a reason',
      (_, response) => {
        response.writeHead(503);
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      },
      false,
      `is not alive: ${'x'.repeat(1_000)}`,
    ],
  ])('%s', async (_, listener, healthy, text) => {
    await using served = await serve(listener);
    const question = { address: served.address, about: 'alive', timeoutMs: 200 } as const;
    expect(await askHealth(question)).toEqual({ healthy, text: `${served.address} ${text}` });
  });

  test('of nobody', async () => {
    const { address } = await (async () => {
      await using served = await serve(() => undefined);
      return served;
    })();
    expect(await askHealth({ address, about: 'ready', timeoutMs: 1_000 })).toEqual({
      healthy: false,
      text: `${address} is not ready: nothing listens there`,
    });
  });
});

describe('the command', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dstream-health-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A file whose process listens there; the variable is not set. */
  async function fileOf(http: string): Promise<string> {
    const file = join(folder, 'dstream.hcl');
    const source =
      'source {\nnamespace = "shop.servicebus.windows.net"\ntopic = "t"\n}\noutput { type = "console" }';
    const service = `http = "${http}"\ntoken = "{{ env "DSTREAM_TEST_NOT_SET" }}"`;
    await writeFile(file, `processor {\n${source}\n}\nservice {\n${service}\n}\n`);
    return file;
  }

  /** Ready once `notReady` says nothing; asks for a token, which the command does not need. */
  const serving = (notReady: () => string | undefined) =>
    startHttp({
      host: '127.0.0.1',
      port: 0,
      configured: true,
      access: { token: 'correct-horse-battery', metricsAnonymous: false },
      metrics: new Metrics(),
      notAlive: () => undefined,
      notReady,
      status: () => ({}),
      redact: (text) => text,
    });

  test('asks the process of an address or of a file, and exits with 0 or 1', async () => {
    let reason: string | undefined = 'not connected\u001b[2J yet';
    await using served = await serving(() => reason);
    const at = new URL(served.address).host;
    const [alive, notReady] = await Promise.all([
      runDstream(['health', '--address', at]),
      runDstream(['health', '--address', at, '--ready']),
    ]);
    expect(alive).toEqual({ code: 0, out: `http://${at} is alive\n`, err: '' });
    const visible = String.raw`not connected\u001b[2J yet`;
    expect(notReady).toEqual({ code: 1, out: '', err: `dstream: http://${at} is not ready: ${visible}\n` });
    reason = undefined;
    const file = await fileOf(at);
    expect(await runDstream(['health', '--config', file, '--ready'])).toEqual({
      code: 0,
      out: `http://${at} is ready\n`,
      err: '',
    });
  });

  test.each([
    ['127.0.0.1:0', 'port 0 may be any port'],
    ['', 'nothing is served'],
  ])('cannot know the address of a file with http = "%s"', async (http, why) => {
    const file = await fileOf(http);
    const { code, err } = await runDstream(['health', '--config', file]);
    expect([code, err]).toEqual([
      2,
      `${file}:9: service.http: ${why}; write --address HOST:PORT instead of --config\n`,
    ]);
  });

  test.each([
    [['--timeout', '0s'], 'A timeout is a duration from 10ms to 10m'],
    [['--address', '8080'], 'An address is HOST:PORT'],
    [['--address', 'https://127.0.0.1:8080'], 'A process serves http, not https'],
    [['--address', '127.0.0.1:1', '--config', 'x'], 'cannot be used with'],
  ])('refuses %j', async (args, text) => {
    const { code, err } = await runDstream(['health', ...args]);
    expect([code, err]).toEqual([2, expect.stringContaining(text)]);
  });
});
