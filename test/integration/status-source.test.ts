/** Whom `dstream status` asks beside the ingesters that are announced. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@dstream/async';
import { asDStreamError } from '@dstream/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exitCodeOf } from '../../apps/dstream/src/process/exit.ts';
import { StatusSource } from '../../apps/dstream/src/status/status-source.ts';

const never = new AbortController().signal;
const table = { key: 's/d/dbo.A', table: 'dbo.A', owner: 'other', epoch: 1 };
let cleanup = new AsyncDisposableStack();

beforeEach(() => {
  cleanup = new AsyncDisposableStack();
});
afterEach(() => cleanup.disposeAsync());

function serve(report: unknown): Promise<string> {
  return listening(createServer((_request, response) => response.end(JSON.stringify(report))));
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-status-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'dstream.hcl');
  await writeFile(config, text);
  return config;
}

const credential = () => {
  throw new Error('nobody signs in here');
};

async function look(http: string, addresses: readonly string[] = [], token?: string) {
  const config = await fileWith(
    `processor {
       source {
         type              = "azure_service_bus"
         connection_string = "{{ env \\"DSTREAM_TEST_NOT_SET\\" }}"
         topic             = "ingest-topic"
       }
       output { type = "console" }
     }
     service {
       http = "${http}"
       ${token === undefined ? '' : `token = "${token}"`}
     }
`,
  );
  const source = await StatusSource.open({ config, addresses, env: {}, clock: systemClock, credential });
  return source.look(never);
}

const both = {
  ingester: { instance: 'other', tables: [table] },
  processor: { instance: 'other', sessions: ['a'], outputs: [{ name: 'console' }] },
};

test('who answers where the configuration says it, without being announced, is seen as a processor only', async () => {
  const status = await look(await serve(both));
  expect(status.tables).toEqual([]);
  expect(status.replicas).toMatchObject([{ instance: 'other', services: ['processor'], sessions: 1 }]);
  expect([status.outputs.length, status.notes]).toEqual([1, []]);
});

test('an ingester of somebody else there is not seen at all', async () => {
  const status = await look(await serve({ ingester: both.ingester }));
  expect([status.tables, status.replicas]).toEqual([[], []]);
  expect(status.notes).toEqual([expect.stringContaining('no processor found')]);
});

test('at an address that was given everything counts, and nobody there is said', async () => {
  const at = await serve(both);
  const status = await look('127.0.0.1:0', [`http://${at}`, 'http://127.0.0.1:9']);
  expect(status.tables).toMatchObject([{ table: 'dbo.A', owner: 'other', state: 'running' }]);
  expect(status.replicas).toMatchObject([
    { instance: 'other', services: ['ingester', 'processor'], reachable: true },
    { instance: null, address: 'http://127.0.0.1:9', reachable: false },
  ]);
});

const token = 'correct-horse-battery';

/** Answers who has the token, and keeps what was sent. */
async function guarded(report: unknown) {
  const sent: (string | undefined)[] = [];
  const at = await listening(
    createServer(({ headers: { authorization } }, response) => {
      sent.push(authorization);
      if (authorization === `Bearer ${token}`) response.end(JSON.stringify(report));
      else response.writeHead(401).end();
    }),
  );
  return { at, sent };
}

test('the token of the file is sent to the address of the file and to those that were given', async () => {
  const [own, given] = [await guarded(both), await guarded(both)];
  const status = await look(own.at, [`http://${given.at}`], token);
  expect(status.replicas.map(({ reachable }) => reachable)).toEqual([true, true]);
  expect([own.sent, given.sent]).toEqual([[`Bearer ${token}`], [`Bearer ${token}`]]);
  const other = await look('127.0.0.1:0', [`http://${given.at}`], `${token}-other`);
  expect(other.replicas).toMatchObject([{ reachable: false, note: expect.stringContaining('HTTP 401') }]);
});

test.each([
  [{ DSTREAM_HTTP_TOKEN: `${token}\n` }, true],
  [{ DSTREAM_HTTP_TOKEN: '' }, false],
  [{}, false],
])('without a file the token is that of the variable: %j', async (env, reachable) => {
  const { at } = await guarded(both);
  const asked = { config: undefined, addresses: [`http://${at}`], clock: systemClock, credential };
  const source = await StatusSource.open({ ...asked, env });
  expect((await source.look(never)).replicas).toMatchObject([{ reachable }]);
});

test('a variable that holds no token is wrong usage, and is not repeated', async () => {
  const asked = { config: undefined, addresses: [], clock: systemClock, credential };
  const opening = StatusSource.open({ ...asked, env: { DSTREAM_HTTP_TOKEN: 'hunter2' } });
  const error = asDStreamError(await opening.catch((reason: unknown) => reason));
  expect([exitCodeOf(error), error.message]).toEqual([
    2,
    'the value of DSTREAM_HTTP_TOKEN is not 16 to 512 visible ASCII characters; make one with `openssl rand -hex 32`',
  ]);
});

test.each([
  [400, 'InvalidResourceName', 'ConfigInvalid'],
  [403, 'AuthenticationFailed', 'Unauthorized'],
  [418, 'Teapot', 'Unexpected'],
  [500, 'InternalError', 'Transient'],
])(
  'a lease store that cannot be read (%i %s) is reported alike, with its place in the file',
  async (status, vendor, code) => {
    const server = createServer((_request, response) =>
      response.writeHead(status, { 'x-ms-error-code': vendor }).end(),
    );
    const at = await listening(server);
    const config = await fileWith(`ingester {
    tables               = ["A"]
    db_connection_string = "Server=db1;Database=shop;User Id=u;Password=p"
    topic {
      connection_string = "{{ env \\"DSTREAM_TEST_NOT_SET\\" }}"
      name              = "t"
    }
    locks {
      connection_string = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://${at}/a"
    }
    name = "s"
  }
`);
    await using source = await StatusSource.open({
      config,
      addresses: [],
      env: {},
      clock: systemClock,
      credential,
    });
    const failure: unknown = await source.look(never).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^\S+dstream\.hcl:8: ingester\.locks: reading the leases failed: /),
      cause: { code },
    });
    expect([exitCodeOf(failure), asDStreamError(failure).code]).toEqual([1, 'Unreachable']);
  },
);

test.each([
  'name = "{{ env "DSTREAM_TEST_NOT_SET" }}"',
  'source { type = "{{ env "DSTREAM_TEST_NOT_SET" }}" }',
])('where the leases are must be known: %s', async (unset) => {
  const source = unset.startsWith('name')
    ? 'source {\ntype = "sqlserver"\ndb_connection_string = "Server=s;Database=d;User Id=u;Password=p"\ntables = ["A"]\n}'
    : '';
  const config = await fileWith(
    `ingester {
         ${unset}
         ${source}
         topic { namespace = "shop.servicebus.windows.net" }
         locks { account_url = "https://shop.blob.core.windows.net" }
       }
`,
  );
  const opening = StatusSource.open({ config, addresses: [], env: {}, clock: systemClock, credential });
  const error = asDStreamError(await opening.catch((reason: unknown) => reason));
  expect(error.message).toMatch(
    /dstream\.hcl:2: ingester\.\S+: the variable DSTREAM_TEST_NOT_SET is not set;/,
  );
  expect(exitCodeOf(error)).toBe(2);
});
