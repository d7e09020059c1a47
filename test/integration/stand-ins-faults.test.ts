/** The faults of the stand-ins as the real clients see them. */
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { FaultsClient, startStandIns, type StandIns } from '@dstream/stand-ins';
import sql from 'mssql';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';

let standIns: StandIns;
let faults: FaultsClient;
const errors: unknown[] = [];

beforeEach(async () => {
  errors.length = 0;
  standIns = await startStandIns({ onError: (error) => errors.push(error) });
  faults = new FaultsClient(standIns.faults);
});

afterEach(async () => {
  await standIns.close();
  if (errors.length > 0) throw new AggregateError(errors, 'the stand-ins reported errors');
});

describe('SQL Server', () => {
  let pool: sql.ConnectionPool;

  beforeEach(async () => {
    pool = await connect();
  });

  afterEach(async () => {
    await pool.close();
  });

  async function connect(): Promise<sql.ConnectionPool> {
    const opened = new sql.ConnectionPool(standIns.env.DSTREAM_DB_CONNECTION_STRING);
    opened.on('error', () => undefined);
    return opened.connect();
  }

  async function answer(): Promise<unknown> {
    const { recordset } = await pool.query<{ answer: number }>('SELECT 42 AS answer');
    return recordset[0]?.answer;
  }

  test('a statement is answered with an error, the next one runs', async () => {
    await faults.inject('sql/fail-statements', { pattern: 'answer', number: 50_001, message: 'as asked' });
    await expect(answer()).rejects.toMatchObject({ number: 50_001, message: 'as asked' });
    expect(await answer()).toBe(42);
  });

  test('a statement waits until the faults are reset', async () => {
    await faults.inject('sql/delay-statements', { pattern: 'answer', ms: 3_600_000 });
    const waiting = answer();
    await until(
      async () => ((await faults.counters()).sql.statementsByText['SELECT ? AS answer'] ?? 0) > 0,
      () => 'the statement arrives',
    );
    await faults.reset();
    expect(await waiting).toBe(42);
  });

  test('a connection is cut at a statement, the pool opens another', async () => {
    await faults.inject('sql/drop-at-statements', { pattern: 'answer' });
    await expect(answer()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await answer()).toBe(42);
  });

  test('connections are cut, and counted', async () => {
    expect(await answer()).toBe(42);
    expect((await faults.counters()).sql.openConnections).toBe(1);
    expect(await faults.inject('sql/drop-connections', {})).toEqual({ dropped: 1 });
    await until(
      async () => (await faults.counters()).sql.openConnections === 0,
      () => 'no open connection is left',
    );
  });

  test('logins are refused with the error that is asked for, until it ends', async () => {
    await faults.inject('sql/refuse-logins', { ms: 3_600_000 });
    await expect(connect()).rejects.toMatchObject({ code: 'ELOGIN' });
    await faults.inject('sql/refuse-logins', { ms: 0 });
    await (await connect()).close();
  });

  test('a restart refuses connections and comes back on the same port', async () => {
    await faults.inject('sql/restart', { downMs: 200 });
    await expect(connect()).rejects.toMatchObject({ code: 'ESOCKET' });
    const again = await until(
      () => connect().catch(() => undefined),
      () => 'the server is back',
    );
    await again.close();
  });

  test('a result stalls in the middle, and the client can give up', async () => {
    await pool.query('CREATE TABLE dbo.T (Id int NOT NULL PRIMARY KEY, Text nvarchar(max) NOT NULL)');
    for (let id = 0; id < 50; id++)
      await pool.query`INSERT dbo.T (Id, Text) VALUES (${id}, ${'x'.repeat(2000)})`;
    await faults.inject('sql/stall-results', { pattern: 'SELECT \\* FROM dbo.T', afterRows: 1 });
    const request = pool.request();
    request.stream = true;
    let rows = 0;
    request.on('row', () => (rows += 1));
    const failed = new Promise<unknown>((resolve) => void request.on('error', resolve));
    void request.query('SELECT * FROM dbo.T');
    await until(
      () => rows > 0,
      () => 'the first rows arrive',
    );
    expect(rows).toBeLessThan(50);
    request.cancel();
    expect(await failed).toMatchObject({ code: 'ECANCEL' });
  });

  describe('capture', () => {
    beforeEach(async () => {
      await pool.query('CREATE TABLE dbo.T (Id int NOT NULL PRIMARY KEY)');
      await pool.query('EXEC sys.sp_cdc_enable_db');
      await pool.query(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'T', @role_name = NULL",
      );
    });

    async function captured(): Promise<number> {
      const { recordset } = await pool.query<{ n: number }>('SELECT COUNT(*) AS n FROM cdc.dbo_T_CT');
      return recordset[0]?.n ?? 0;
    }

    const capturedOne = () =>
      until(
        async () => (await captured()) === 1,
        () => 'one change is captured',
      );

    test('pauses and goes on', async () => {
      await faults.inject('sql/pause-capture', {});
      await pool.query('INSERT dbo.T VALUES (1)');
      expect(await captured()).toBe(0);
      await faults.inject('sql/resume-capture', {});
      await capturedOne();
    });

    test('is late by its delay', async () => {
      await faults.inject('sql/capture-delay', { ms: 3_600_000 });
      await pool.query('INSERT dbo.T VALUES (1)');
      expect(await captured()).toBe(0);
      await faults.inject('sql/capture-delay', { ms: 0 });
      await capturedOne();
    });

    test('is cleaned up past what was captured', async () => {
      await pool.query('INSERT dbo.T VALUES (1)');
      await capturedOne();
      await faults.inject('sql/cleanup', {});
      expect(await captured()).toBe(0);
    });
  });

  test('an offline database cuts its connections and refuses logins', async () => {
    await faults.inject('sql/offline', { offline: true });
    await expect(connect()).rejects.toMatchObject({ code: 'ELOGIN' });
    await faults.inject('sql/offline', { offline: false });
    await (await connect()).close();
    await expect(faults.inject('sql/offline', { offline: true, database: 'nowhere' })).rejects.toThrow(
      'nowhere',
    );
  });
});

describe('Service Bus', () => {
  let client: ServiceBusClient;

  beforeEach(() => {
    client = new ServiceBusClient(standIns.env.DSTREAM_INGEST_CONNECTION_STRING, {
      retryOptions: { maxRetries: 0, timeoutInMs: 5000 },
    });
  });

  afterEach(async () => {
    await client.close();
  });

  test('a send is refused as server-busy, the next one is accepted; both are counted', async () => {
    const sender = client.createSender('topic');
    await faults.inject('service-bus/throttle', { sends: 1 });
    await expect(sender.sendMessages({ body: 1, sessionId: 's' })).rejects.toMatchObject({
      code: 'ServiceBusy',
    });
    await sender.sendMessages({ body: 1, sessionId: 's' });
    expect((await faults.counters()).serviceBus).toMatchObject({ messagesIn: 1, sendsRefused: 1 });
    await faults.reset();
    expect((await faults.counters()).serviceBus).toMatchObject({ messagesIn: 0, openConnections: 1 });
  });

  test('a session lock is lost: another receiver gets the session', async () => {
    await client.createSender('topic').sendMessages({ body: 1, sessionId: 's' });
    const accept = () => client.acceptSession('topic', 'dstream', 's');
    await accept();
    await expect(accept()).rejects.toMatchObject({ code: 'SessionCannotBeLocked' });
    const address = 'topic/Subscriptions/dstream';
    expect(await faults.inject('service-bus/lose-session-lock', { address, sessionId: 's' })).toEqual({
      lost: true,
    });
    const [message] = await (await accept()).receiveMessages(1);
    expect(message?.deliveryCount).toBe(0);
  });
});

describe('blob storage', () => {
  const container = () =>
    BlobServiceClient.fromConnectionString(standIns.env.DSTREAM_BLOB_CONNECTION_STRING, {
      retryOptions: { maxTries: 1 },
    }).getContainerClient('locks');

  test('requests are refused for a while', async () => {
    await container().create();
    await faults.inject('blobs/refuse', { ms: 3_600_000, operation: 'put-blob' });
    const blob = container().getBlockBlobClient('a');
    await expect(blob.upload('x', 1)).rejects.toMatchObject({ statusCode: 503, code: 'ServerBusy' });
    expect(await blob.exists()).toBe(false);
    await faults.inject('blobs/refuse', { ms: 0 });
    await blob.upload('x', 1);
    expect((await faults.counters()).blobs.byOperation['put-blob']).toBe(2);
  });

  test('a lease is broken: the next one takes the blob, the old one is refused', async () => {
    await container().create();
    const blob = container().getBlockBlobClient('a');
    await blob.upload('x', 1);
    const first = blob.getBlobLeaseClient();
    await first.acquireLease(60);
    expect(await faults.inject('blobs/break-lease', { path: 'locks/a' })).toEqual({ broken: 1 });
    await blob.getBlobLeaseClient().acquireLease(60);
    await expect(first.renewLease()).rejects.toMatchObject({ statusCode: 409 });
  });
});
