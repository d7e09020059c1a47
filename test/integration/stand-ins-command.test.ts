/** `npm run stand-ins` as a process, used by the real clients with nothing but what it prints. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { FaultsClient, type StandInsEnv } from '@dstream/stand-ins';
import sql from 'mssql';
import { describe, expect, test } from 'vitest';

const main = fileURLToPath(import.meta.resolve('../stand-ins/all/src/main.ts'));

interface Ready {
  readonly ready: boolean;
  readonly env: StandInsEnv;
  readonly faults: string;
}

class Command implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  stdout = '';
  stderr = '';

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error('the child has no pipes');
    stdout.on('data', (data: Buffer) => (this.stdout += data.toString()));
    stderr.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<Ready> {
    const { value } = await this.#lines.next();
    if (typeof value !== 'string') throw new Error(`no ready line; stderr: ${this.stderr}`);
    return JSON.parse(value) as Ready;
  }

  async exit(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  stop(signal: 'SIGTERM' | 'SIGINT'): Promise<number | null> {
    this.#child.kill(signal);
    return this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exit();
  }
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-stand-ins-'));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('what the ready line names can be used', () => {
  test('by mssql, over an encrypted connection to an empty database without CDC', async () => {
    await using command = new Command();
    const { ready, env } = await command.ready();
    expect(ready).toBe(true);
    const pool = await new sql.ConnectionPool(env.DSTREAM_DB_CONNECTION_STRING).connect();
    pool.on('error', () => undefined);
    try {
      const { recordset } = await pool.query<{ name: string; is_cdc_enabled: boolean; tables: number }>(
        `SELECT name, is_cdc_enabled, (SELECT COUNT(*) FROM sys.tables) AS tables
           FROM sys.databases WHERE database_id = DB_ID()`,
      );
      expect(recordset).toEqual([{ name: 'shop', is_cdc_enabled: false, tables: 0 }]);
    } finally {
      await pool.close();
    }
  });

  test('by @azure/service-bus: what is sent comes out in its session', async () => {
    await using command = new Command();
    const { env } = await command.ready();
    const client = new ServiceBusClient(env.DSTREAM_INGEST_CONNECTION_STRING);
    try {
      await client
        .createSender('ingest-topic')
        .sendMessages({ body: 'hello', sessionId: 's', messageId: 'm' });
      const receiver = await client.acceptSession('ingest-topic', 'dstream', 's');
      const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: 5000 });
      expect(message?.body).toBe('hello');
    } finally {
      await client.close();
    }
  });

  test('by @azure/storage-blob', async () => {
    await using command = new Command();
    const { env } = await command.ready();
    const service = BlobServiceClient.fromConnectionString(env.DSTREAM_BLOB_CONNECTION_STRING);
    const container = service.getContainerClient('locks');
    await container.create();
    await container.getBlockBlobClient('a').upload('x', 1);
    expect((await container.getBlockBlobClient('a').downloadToBuffer()).toString()).toBe('x');
  });

  test('by FaultsClient: statements are counted, faults happen', async () => {
    await using command = new Command();
    const { env, faults: url } = await command.ready();
    const faults = new FaultsClient(url);
    const pool = await new sql.ConnectionPool(env.DSTREAM_DB_CONNECTION_STRING).connect();
    pool.on('error', () => undefined);
    try {
      await faults.reset();
      await pool.query('SELECT 42 AS answer');
      expect((await faults.counters()).sql.statementsByText['SELECT ? AS answer']).toBe(1);
      await faults.inject('sql/fail-statements', { pattern: 'answer', number: 1205 });
      await expect(pool.query('SELECT 42 AS answer')).rejects.toMatchObject({ number: 1205 });
      expect((await pool.query('SELECT 42 AS answer')).recordset).toEqual([{ answer: 42 }]);
    } finally {
      await pool.close();
    }
  });
});

describe('the faults address', () => {
  test('refuses what it does not know with a JSON error', async () => {
    await using command = new Command();
    const { faults } = await command.ready();
    const post = async (path: string, body: string) => {
      const response = await fetch(`${faults}/${path}`, { method: 'POST', body });
      return [response.status, await response.json()];
    };
    expect(await post('sql/explode', '{}')).toEqual([
      404,
      expect.objectContaining({ error: 'no fault "/sql/explode"' }),
    ]);
    expect(await post('sql/capture-delay', '{')).toEqual([
      400,
      { error: expect.stringContaining('the body is no JSON') },
    ]);
    expect(await post('sql/capture-delay', '{"ms":"1s"}')).toEqual([
      400,
      { error: '"ms" must be a whole number of at least 0' },
    ]);
    expect(await post('counters', '')).toEqual([405, { error: 'POST is not for /counters: use GET' }]);
    expect(await post('service-bus/silent', '{"address":"nowhere","silent":true}')).toEqual([
      400,
      { error: "The messaging entity 'nowhere' could not be found." },
    ]);
  });
});

describe('the end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s exits 0 with clients connected, one line on stdout',
    async (signal) => {
      await using command = new Command();
      const { env } = await command.ready();
      const pool = await new sql.ConnectionPool(env.DSTREAM_DB_CONNECTION_STRING).connect();
      pool.on('error', () => undefined);
      try {
        expect(await command.stop(signal)).toBe(0);
      } finally {
        await pool.close();
      }
      expect(command.stdout.trim().split('\n')).toHaveLength(1);
      expect(command.stderr).toBe('');
    },
  );
});

describe('wrong usage is one line and an exit code', () => {
  async function failure(...args: string[]) {
    await using command = new Command(...args);
    const code = await command.exit();
    expect(command.stdout).toBe('');
    expect(command.stderr).not.toMatch(/\n\s+at /);
    return { code, lines: command.stderr.trim().split('\n') };
  }

  test.each([
    [['--port', '1'], "error: unknown option '--port'"],
    [
      ['--sql-port', 'x'],
      "error: option '--sql-port <port>' argument 'x' is invalid. A port is a number from 0 to 65535.",
    ],
    [['more'], 'error: too many arguments. Expected 0 arguments but got 1'],
    [['--entities', '/nowhere.json'], 'error: cannot read /nowhere.json: there is no such file'],
  ])('%j', async (args, message) => {
    const { code, lines } = await failure(...args);
    expect(lines[0]).toContain(message);
    expect(lines).toHaveLength(1);
    expect(code).toBe(2);
  });

  test('a file of entities that is no JSON, or declares what does not exist', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'entities.json');
      await writeFile(file, '{ "UserConfig": ');
      const torn = await failure('--entities', file);
      expect([torn.code, torn.lines[0]]).toEqual([2, expect.stringContaining(`error: ${file} is no JSON`)]);
      await writeFile(file, JSON.stringify({ UserConfig: { Namespaces: [{ Topics: [{}] }] } }));
      const nameless = await failure('--entities', file);
      expect([nameless.code, nameless.lines[0]]).toEqual([
        2,
        expect.stringContaining('UserConfig.Namespaces[0].Topics[0].Name'),
      ]);
    });
  });

  test('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const { code, lines } = await failure('--sql-port', String(port));
      expect(lines).toEqual([
        `error: port ${port} for SQL Server is in use: choose another, or leave it out for a free one`,
      ]);
      expect(code).toBe(1);
    } finally {
      server.close();
    }
  });
});

test('declared entities are the only ones there are', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'entities.json');
    const topic = {
      Name: 'declared',
      Subscriptions: [{ Name: 'dstream', Properties: { RequiresSession: true } }],
    };
    await writeFile(file, JSON.stringify({ UserConfig: { Namespaces: [{ Name: 'sb', Topics: [topic] }] } }));
    await using command = new Command('--entities', file);
    const { env } = await command.ready();
    const client = new ServiceBusClient(env.DSTREAM_INGEST_CONNECTION_STRING, {
      retryOptions: { maxRetries: 0 },
    });
    try {
      await client.createSender('declared').sendMessages({ body: 1, sessionId: 's' });
      await expect(client.createSender('other').sendMessages({ body: 1 })).rejects.toMatchObject({
        code: 'MessagingEntityNotFound',
      });
    } finally {
      await client.close();
    }
  });
});

test('hubs may be declared in the same file, and are the only ones then', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'entities.json');
    const Entities = [{ Name: 'declared', PartitionCount: '3', ConsumerGroups: [{ Name: 'dstream' }] }];
    const UserConfig = { Namespaces: [], NamespaceConfig: [{ Type: 'EventHub', Name: 'eh', Entities }] };
    await writeFile(file, JSON.stringify({ UserConfig }));
    await using command = new Command('--entities', file, '--event-hubs-port', '0');
    const { env, faults } = await command.ready();
    await using clients = new AsyncDisposableStack();
    const producer = (hub: string) => {
      const retryOptions = { maxRetries: 0 };
      const address = env.DSTREAM_EVENT_HUBS_CONNECTION_STRING;
      const client = new EventHubProducerClient(address, hub, { retryOptions });
      clients.defer(() => client.close());
      return client;
    };
    expect(await producer('declared').getPartitionIds()).toEqual(['0', '1', '2']);
    await producer('declared').sendBatch([{ body: 1 }, { body: 2 }]);
    await expect(producer('other').sendBatch([{ body: 1 }])).rejects.toMatchObject({
      code: 'MessagingEntityNotFoundError',
    });
    const { eventHubs } = await new FaultsClient(faults).counters();
    expect(eventHubs).toMatchObject({ batches: 1, eventsIn: 2 });
  });
});

test('the certificate of the brokers is written where it is asked for', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'certificate.pem');
    await using command = new Command('--certificate-file', file);
    const { env } = await command.ready();
    for (const broker of [env.DSTREAM_INGEST_CONNECTION_STRING, env.DSTREAM_EVENT_HUBS_CONNECTION_STRING]) {
      const port = Number(/localhost:(\d+)/.exec(broker)?.[1]);
      const socket = connect({ host: 'localhost', port, ca: await readFile(file, 'utf8') });
      await once(socket, 'secureConnect');
      expect(socket.authorized).toBe(true);
      socket.destroy();
    }
  });
});
