/** The TDS server with the clients the product uses, and an engine that answers what each test wants. */
import { once } from 'node:events';
import sql from 'mssql';
import { Connection, ISOLATION_LEVEL, Request, TYPES, type ConnectionConfiguration } from 'tedious';
import { afterEach, describe, expect, test } from 'vitest';
import type {
  EngineSession,
  Reply,
  ResultColumn,
  SqlEngine,
  SqlMessage,
  SqlParameter,
  SqlType,
  SqlValue,
} from '../../libs/stand-ins/src/sql-server/engine/engine-session.ts';
import {
  startTdsServer,
  type TdsServer,
  type TdsServerOptions,
} from '../../libs/stand-ins/src/sql-server/tds/tds-server.ts';

type Batch = (text: string, parameters: readonly SqlParameter[], signal: AbortSignal) => AsyncIterable<Reply>;

const BIG = 10n ** 37n + 1n;

async function* replies(...list: Reply[]): AsyncGenerator<Reply> {
  yield* list;
}

function error(number: number, message: string, severity = 16): SqlMessage {
  return { number, severity, state: 1, message, line: 3 };
}

function describeValue(value: SqlValue): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return 'unscaled' in value ? `${value.unscaled}/10^${value.scale}` : 'object';
}

function column(type: SqlType, nullable = true): ResultColumn {
  return { name: 'c', type, nullable };
}

const INT: ResultColumn = { name: 'n', type: { name: 'int' }, nullable: false };

/** Rows 0, 1, 2 … without end, counting how many were asked for and whether the iteration was ended. */
class Endless {
  pulled = 0;
  readonly ended = Promise.withResolvers<void>();

  async *rows(): AsyncGenerator<Reply> {
    try {
      yield {
        kind: 'columns',
        columns: [INT, { name: 'pad', type: { name: 'varchar', length: 100 }, nullable: false }],
      };
      for (;;) {
        this.pulled += 1;
        yield { kind: 'row', values: [this.pulled, 'x'.repeat(100)] };
      }
    } finally {
      this.ended.resolve();
    }
  }
}

class FakeEngine implements SqlEngine {
  batch: Batch = () => replies({ kind: 'done' });
  procedure: Batch = () => replies({ kind: 'return', status: 0 });
  refuse: SqlMessage | undefined;
  transactionId = 0n;
  readonly calls: string[] = [];

  login(): ReturnType<SqlEngine['login']> {
    return this.refuse === undefined
      ? { ok: true, session: this.#session() }
      : { ok: false, error: this.refuse };
  }

  async *#transaction(event: 'begin' | 'commit' | 'rollback', id: bigint): AsyncGenerator<Reply> {
    const before = this.transactionId;
    this.transactionId = id;
    yield { kind: 'transaction', event, id: event === 'begin' ? id : before };
    yield { kind: 'done' };
  }

  #session(): EngineSession {
    const transactionId = (): bigint => this.transactionId;
    return {
      id: 51,
      database: 'shop',
      get transactionId() {
        return transactionId();
      },
      // The client sets its options first; tests are not about them.
      batch: (text, parameters, signal) =>
        text.startsWith('set ') ? replies({ kind: 'done' }) : this.batch(text, parameters, signal),
      procedure: (name, parameters, signal) => this.procedure(name, parameters, signal),
      begin: (isolation, name) => {
        this.calls.push(`begin ${isolation} ${name}`);
        return this.#transaction('begin', 0x1122334455667788n);
      },
      commit: () => this.#transaction('commit', 0n),
      rollback: (name) => {
        this.calls.push(`rollback ${name}`);
        return this.#transaction('rollback', 0n);
      },
      save: (name) => {
        this.calls.push(`save ${name}`);
        return replies({ kind: 'done' });
      },
      reset: () => this.calls.push('reset'),
      close: () => this.calls.push('close'),
    };
  }

  close(): void {}
}

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(
  options: Partial<TdsServerOptions> = {},
): Promise<{ server: TdsServer; engine: FakeEngine }> {
  const engine = new FakeEngine();
  const server = await startTdsServer({ engine, ...options });
  cleanups.push(() => server.close());
  return { server, engine };
}

function configuration(
  port: number,
  options: ConnectionConfiguration['options'] = {},
): ConnectionConfiguration {
  return {
    server: 'localhost',
    authentication: { type: 'default', options: { userName: 'sa', password: 'päss"word' } },
    options: { port, encrypt: false, database: 'shop', trustServerCertificate: true, ...options },
  };
}

async function connect(port: number, options: ConnectionConfiguration['options'] = {}): Promise<Connection> {
  const connection = new Connection(configuration(port, options));
  // Without a listener the error of a dropped connection would end the process.
  connection.on('error', () => undefined);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.connect((failure) => (failure === undefined ? resolve() : reject(failure)));
  await promise;
  cleanups.push(() => connection.close());
  return connection;
}

interface Outcome {
  readonly rows: unknown[][];
  readonly error: (Error & { number?: number; lineNumber?: number; code?: string }) | undefined;
  readonly rowCount: number | undefined;
  readonly outputs: Record<string, unknown>;
}

type Send = (connection: Connection, request: Request) => void;
const execute: Send = (connection, request) => connection.execSql(request);

/** Runs one request to its end. */
function run(
  connection: Connection,
  text: string,
  send = execute,
  prepare?: (request: Request) => void,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const rows: unknown[][] = [];
  const outputs: Record<string, unknown> = {};
  const request = new Request(text, (failure, rowCount) => {
    resolve({ rows, error: failure ?? undefined, rowCount, outputs });
  });
  request.on('row', (columns: { value: unknown }[]) => rows.push(columns.map(({ value }) => value)));
  request.on('returnValue', (name: string, value: unknown) => (outputs[name] = value));
  prepare?.(request);
  send(connection, request);
  return promise;
}

const days2024 = 738_885;
const moment = { days: days2024, ticks: 863_999_999_999n };
/** A type, a value, and what tedious makes of it. */
const samples: [SqlType, SqlValue, unknown][] = [
  [{ name: 'bit' }, true, true],
  [{ name: 'tinyint' }, 255, 255],
  [{ name: 'smallint' }, -32768, -32768],
  [{ name: 'int' }, -2147483648, -2147483648],
  [{ name: 'bigint' }, -9223372036854775808n, '-9223372036854775808'],
  [{ name: 'real' }, 1.5, 1.5],
  [{ name: 'float' }, -1.7976931348623157e308, -1.7976931348623157e308],
  [{ name: 'decimal', precision: 9, scale: 2 }, { unscaled: -999999999n, scale: 2 }, -9999999.99],
  [{ name: 'numeric', precision: 38, scale: 0 }, { unscaled: BIG, scale: 0 }, Number(BIG)],
  [{ name: 'money' }, { unscaled: -12345678n, scale: 4 }, -1234.5678],
  [{ name: 'smallmoney' }, { unscaled: 2147483647n, scale: 4 }, 214748.3647],
  [{ name: 'char', length: 5 }, 'ab€  ', 'ab€  '],
  [{ name: 'varchar', length: 8000 }, 'ÿ日', 'ÿ?'],
  [{ name: 'varchar', length: 'max' }, 'é'.repeat(200_000), 'é'.repeat(200_000)],
  [{ name: 'nchar', length: 2 }, '日本', '日本'],
  [{ name: 'nvarchar', length: 4000 }, '', ''],
  [{ name: 'nvarchar', length: 'max' }, '😀'.repeat(100_000), '😀'.repeat(100_000)],
  [{ name: 'text' }, 'old', 'old'],
  [{ name: 'ntext' }, 'old 日', 'old 日'],
  [{ name: 'xml' }, '<a>ü</a>', '<a>ü</a>'],
  [{ name: 'binary', length: 3 }, Uint8Array.of(0, 255, 1), Buffer.of(0, 255, 1)],
  [{ name: 'varbinary', length: 10 }, new Uint8Array(0), Buffer.alloc(0)],
  [{ name: 'varbinary', length: 'max' }, new Uint8Array(100_000).fill(7), Buffer.alloc(100_000, 7)],
  [{ name: 'image' }, Uint8Array.of(9), Buffer.of(9)],
  [{ name: 'timestamp' }, new Uint8Array(8).fill(1), Buffer.alloc(8, 1)],
  [{ name: 'date' }, { days: days2024, ticks: 0n }, new Date('2024-01-01')],
  [{ name: 'time', scale: 7 }, { days: 0, ticks: 863_999_990_000n }, new Date('1970-01-01T23:59:59.999Z')],
  [{ name: 'datetime' }, { days: days2024, ticks: 30_000n }, new Date('2024-01-01T00:00:00.003Z')],
  [{ name: 'smalldatetime' }, { days: days2024, ticks: 600_000_000n }, new Date('2024-01-01T00:01:00Z')],
  [{ name: 'datetime2', scale: 3 }, moment, new Date('2024-01-01T23:59:59.999Z')],
  [
    { name: 'datetimeoffset', scale: 0 },
    { ...moment, offsetMinutes: -720 },
    new Date('2024-01-01T23:59:59Z'),
  ],
  [
    { name: 'uniqueidentifier' },
    '6F9619FF-8B86-D011-B42D-00C04FC964FF',
    '6F9619FF-8B86-D011-B42D-00C04FC964FF',
  ],
  [{ name: 'sql_variant' }, { type: { name: 'int' }, value: 5 }, 5],
  [{ name: 'sql_variant' }, { type: { name: 'nvarchar', length: 9 }, value: '日' }, '日'],
  [
    { name: 'sql_variant' },
    { type: { name: 'decimal', precision: 5, scale: 1 }, value: { unscaled: 15n, scale: 1 } },
    1.5,
  ],
  [
    { name: 'sql_variant' },
    { type: { name: 'datetime2', scale: 3 }, value: moment },
    new Date('2024-01-01T23:59:59.999Z'),
  ],
  [{ name: 'hierarchyid' }, Uint8Array.of(0x58), Buffer.of(0x58)],
  [{ name: 'geography' }, Uint8Array.of(1, 2), Buffer.of(1, 2)],
  [{ name: 'geometry' }, new Uint8Array(0), Buffer.alloc(0)],
];

describe('results', () => {
  test.each([4096, 512, 32_767])(
    'every type arrives, NULL and not, in packets of %i bytes',
    async (packetSize) => {
      const { server, engine } = await start();
      const values = samples.map(([, value]) => value);
      engine.batch = () =>
        replies(
          { kind: 'columns', columns: samples.map(([type]) => column(type)) },
          { kind: 'row', values },
          { kind: 'row', values: values.map(() => null) },
          { kind: 'done', count: 2 },
          { kind: 'columns', columns: samples.map(([type]) => column(type, false)) },
          { kind: 'row', values },
          { kind: 'done', count: 1 },
        );
      const connection = await connect(server.port, { packetSize });
      const { rows, rowCount, error: failure } = await run(connection, 'select');
      const expected = samples.map(([, , value]) => value);
      expect(failure).toBeUndefined();
      expect(rowCount).toBe(3);
      expect(rows[0]).toEqual(expected);
      expect(rows[1]).toEqual(expected.map(() => null));
      expect(rows[2]).toEqual(expected);
    },
  );

  test('an error inside a result ends it and the next statement still counts', async () => {
    const { server, engine } = await start();
    engine.batch = () =>
      replies(
        { kind: 'columns', columns: [INT] },
        { kind: 'row', values: [1] },
        { kind: 'message', message: error(8134, 'Divide by zero error encountered.') },
        { kind: 'done' },
        { kind: 'done', count: 7 },
      );
    const connection = await connect(server.port);
    const { rows, error: failure } = await run(connection, 'select');
    expect(rows).toEqual([[1]]);
    expect(failure).toMatchObject({ number: 8134, lineNumber: 3 });
    expect((await run(connection, 'update', (c, r) => c.execSqlBatch(r))).rowCount).toBe(7);
  });

  test('an exception of the engine becomes an error, is reported, and the connection goes on', async () => {
    const failures: unknown[] = [];
    const { server, engine } = await start({ observe: { failure: (_, failure) => failures.push(failure) } });
    const broken = new Error('broken');
    engine.batch = async function* () {
      yield { kind: 'columns', columns: [INT] };
      yield { kind: 'row', values: [1] };
      throw broken;
    };
    const connection = await connect(server.port);
    const first = await run(connection, 'select');
    expect(first.error).toMatchObject({ number: 50000, message: 'The stand-in failed: broken' });
    expect(failures).toEqual([broken]);
    engine.batch = () => replies({ kind: 'columns', columns: [INT] }, { kind: 'row', values: ['no number'] });
    const second = await run(connection, 'select');
    expect(second.error?.message).toContain('of type int');
    expect(second.rows).toEqual([]);
  });

  test.each([false, true])(
    'an error of severity 20 (encrypted: %s) is sent, then the connection closed',
    async (encrypt) => {
      const { server, engine } = await start();
      engine.batch = () => replies({ kind: 'message', message: error(21, 'Fatal.', 20) });
      const connection = await connect(server.port, { encrypt });
      const ended = once(connection, 'end');
      expect((await run(connection, 'select')).error).toMatchObject({ number: 21 });
      await ended;
      expect(engine.calls).toEqual(['close']);
    },
  );
});

describe('parameters', () => {
  async function seen(prepare: (request: Request) => void): Promise<readonly SqlParameter[]> {
    const { server, engine } = await start();
    let parameters: readonly SqlParameter[] = [];
    engine.batch = (_, given) => {
      parameters = given;
      return replies({ kind: 'done' });
    };
    const connection = await connect(server.port);
    expect((await run(connection, 'select', execute, prepare)).error).toBeUndefined();
    return parameters;
  }

  test('every type arrives exactly', async () => {
    const at = new Date('2024-01-01T23:59:59.999Z');
    const long = 'ü'.repeat(500_000);
    const parameters = await seen((request) => {
      request.addParameter('bit', TYPES.Bit, true);
      request.addParameter('tiny', TYPES.TinyInt, 255);
      request.addParameter('small', TYPES.SmallInt, -32768);
      request.addParameter('int', TYPES.Int, -2147483648);
      request.addParameter('big', TYPES.BigInt, '9223372036854775807');
      request.addParameter('real', TYPES.Real, 0.5);
      request.addParameter('float', TYPES.Float, 0.1);
      request.addParameter('decimal', TYPES.Decimal, '-12345.67', { precision: 38, scale: 10 });
      request.addParameter('money', TYPES.Money, '-1234.5678');
      request.addParameter('varchar', TYPES.VarChar, '€ä');
      request.addParameter('nvarchar', TYPES.NVarChar, '日本', { length: 20 });
      request.addParameter('max', TYPES.NVarChar, long, { length: Infinity });
      request.addParameter('binary', TYPES.VarBinary, Buffer.of(0, 255));
      request.addParameter('date', TYPES.Date, at);
      request.addParameter('datetime', TYPES.DateTime, new Date('2024-01-01T00:00:00.010Z'));
      request.addParameter('datetime2', TYPES.DateTime2, at, { scale: 7 });
      request.addParameter('guid', TYPES.UniqueIdentifier, '6f9619ff-8b86-d011-b42d-00c04fc964ff');
      request.addParameter('null', TYPES.Int, null);
    });
    expect(Object.fromEntries(parameters.map(({ name, value }) => [name, value]))).toEqual({
      '@bit': true,
      '@tiny': 255,
      '@small': -32768,
      '@int': -2147483648,
      '@big': 9223372036854775807n,
      '@real': 0.5,
      '@float': 0.1,
      '@decimal': { unscaled: -123456700000000n, scale: 10 },
      '@money': { unscaled: -12345678n, scale: 4 },
      '@varchar': '€ä',
      '@nvarchar': '日本',
      '@max': long,
      '@binary': Uint8Array.of(0, 255),
      '@date': { days: days2024, ticks: 0n },
      '@datetime': { days: days2024, ticks: 100_000n },
      '@datetime2': { days: days2024, ticks: 863_999_990_000n },
      '@guid': '6F9619FF-8B86-D011-B42D-00C04FC964FF',
      '@null': null,
    });
    const types = Object.fromEntries(parameters.map(({ name, type }) => [name, type]));
    expect(types['@decimal']).toEqual({ name: 'decimal', precision: 38, scale: 10 });
    expect(types['@nvarchar']).toEqual({ name: 'nvarchar', length: 20 });
    expect(types['@max']).toEqual({ name: 'nvarchar', length: 'max' });
    expect(types['@null']).toEqual({ name: 'int' });
  });

  test('output parameters and the status of a procedure come back', async () => {
    const { server, engine } = await start();
    engine.procedure = (name, parameters) =>
      replies(
        { kind: 'done', count: 3 },
        {
          kind: 'output',
          name: '@total',
          type: { name: 'nvarchar', length: 'max' },
          value: `${name} ${parameters.length}`,
        },
        { kind: 'output', name: '@none', type: { name: 'money' }, value: null },
        { kind: 'return', status: -6 },
      );
    const connection = await connect(server.port);
    let status: unknown;
    const outcome = await run(
      connection,
      'dbo.sum',
      (c, request) => c.callProcedure(request),
      (request) => {
        request.addParameter('first', TYPES.Int, 1);
        request.addOutputParameter('total', TYPES.NVarChar);
        request.on('doneProc', (_count, _more, returned) => (status = returned));
      },
    );
    expect(outcome).toMatchObject({
      error: undefined,
      rowCount: 3,
      outputs: { total: 'dbo.sum 2', none: null },
    });
    expect(status).toBe(-6);
  });

  test('a prepared statement is executed by its handle until it is unprepared', async () => {
    const { server, engine } = await start();
    engine.batch = (text, parameters) =>
      replies(
        { kind: 'columns', columns: [column({ name: 'nvarchar', length: 100 })] },
        {
          kind: 'row',
          values: [
            `${text} ${parameters.map(({ name, value }) => `${name}=${describeValue(value)}`).join()}`,
          ],
        },
        { kind: 'done', count: 1 },
      );
    const connection = await connect(server.port);
    const prepared = new sql.PreparedStatement(await pool(server.port));
    prepared.input('a', sql.Int);
    prepared.input('b', sql.Decimal(10, 2));
    await prepared.prepare('select @a, @b');
    expect((await prepared.execute({ a: 1, b: 2 })).recordset).toEqual([
      { c: 'select @a, @b @a=1,@b=200/10^2' },
    ]);
    expect((await prepared.execute({ a: 2, b: null })).recordset).toEqual([
      { c: 'select @a, @b @a=2,@b=null' },
    ]);
    await prepared.unprepare();
    const unknown = await run(
      connection,
      'sp_execute',
      (c, request) => c.callProcedure(request),
      (request) => {
        request.addParameter('handle', TYPES.Int, 99);
      },
    );
    expect(unknown.error).toMatchObject({
      number: 8179,
      message: 'Could not find prepared statement with handle 99.',
    });
    const both = await run(
      connection,
      'sp_prepexec',
      (c, request) => c.callProcedure(request),
      (request) => {
        request.addOutputParameter('handle', TYPES.Int);
        request.addParameter('params', TYPES.NVarChar, '@x int');
        request.addParameter('stmt', TYPES.NVarChar, 'select @x');
        request.addParameter('', TYPES.Int, 5);
      },
    );
    expect(both).toMatchObject({ rows: [['select @x @x=5']], outputs: { handle: 1 } });
  });

  test('what is not supported is refused clearly and the connection goes on', async () => {
    const { server } = await start();
    const connection = await connect(server.port);
    const table = await run(connection, 'select', execute, (request) => {
      request.addParameter('t', TYPES.TVP, { columns: [{ name: 'a', type: TYPES.Int }], rows: [[1]] });
    });
    expect(table.error).toMatchObject({ number: 8009 });
    expect(table.error?.message).toContain('Table-valued parameters are not supported.');
    const bulk = connection.newBulkLoad('t', (failure) => loaded.resolve(failure));
    const loaded = Promise.withResolvers<unknown>();
    bulk.addColumn('a', TYPES.Int, { nullable: true });
    connection.execBulkLoad(bulk, [[1]]);
    expect(String(await loaded.promise)).toContain('Bulk load');
    expect((await run(connection, 'select')).error).toBeUndefined();
  });
});

async function pool(port: number, options: sql.config['options'] = {}): Promise<sql.ConnectionPool> {
  const made = new sql.ConnectionPool({
    server: 'localhost',
    port,
    user: 'sa',
    password: 'x',
    options: { encrypt: false, trustServerCertificate: true, ...options },
  });
  made.on('error', () => undefined);
  await made.connect();
  cleanups.push(() => made.close());
  return made;
}

describe('logging in', () => {
  test.each([true, false])('with encryption %s everything is the same', async (encrypt) => {
    const logins: unknown[] = [];
    const { server, engine } = await start({
      observe: { login: (_, login, ok) => logins.push([login, ok]) },
    });
    engine.batch = () =>
      replies(
        { kind: 'columns', columns: [column({ name: 'varchar', length: 'max' })] },
        { kind: 'row', values: ['x'.repeat(300_000)] },
        { kind: 'done', count: 1 },
      );
    const connection = await connect(server.port, { encrypt, appName: 'app', packetSize: 16_384 });
    expect((await run(connection, 'select')).rows).toEqual([['x'.repeat(300_000)]]);
    expect(logins).toEqual([
      [expect.objectContaining({ user: 'sa', database: 'shop', appName: 'app', encrypted: encrypt }), true],
    ]);
  });

  test.each([false, true])(
    'a wrong password (encrypted: %s) is 18456 and the connection is closed',
    async (encrypt) => {
      const { server, engine } = await start();
      engine.refuse = {
        number: 18456,
        severity: 14,
        state: 1,
        message: "Login failed for user 'sa'.",
        line: 1,
      };
      await expect(connect(server.port, { encrypt })).rejects.toMatchObject({
        code: 'ELOGIN',
        message: "Login failed for user 'sa'.",
      });
      await expect.poll(() => server.connections()).toBe(0);
    },
  );

  test('a server that requires encryption refuses clients without it', async () => {
    const { server } = await start({ requireEncryption: true });
    await expect(connect(server.port)).rejects.toMatchObject({ code: 'EENCRYPT' });
    await connect(server.port, { encrypt: true });
  });

  test('strict encryption is refused and the server lives on', async () => {
    const failures: unknown[] = [];
    const { server } = await start({ observe: { failure: (_, failure) => failures.push(failure) } });
    const strict = { encrypt: 'strict', connectTimeout: 2000 };
    await expect(connect(server.port, strict)).rejects.toBeDefined();
    await connect(server.port);
    expect(failures).toHaveLength(1);
  });
});

describe('transactions', () => {
  test('of the protocol carry their descriptor in both directions', async () => {
    const { server, engine } = await start();
    const transaction = new sql.Transaction(await pool(server.port));
    await transaction.begin(ISOLATION_LEVEL.SNAPSHOT);
    expect(engine.calls).toContain('begin snapshot ');
    expect(engine.transactionId).not.toBe(0n);
    await new sql.Request(transaction).query('update');
    await transaction.commit();
    expect(engine.transactionId).toBe(0n);
  });

  test('of the protocol have savepoints and are rolled back', async () => {
    const { server, engine } = await start();
    const connection = await connect(server.port);
    const step = (start: (done: (failure?: Error | null) => void) => void): Promise<void> =>
      new Promise((resolve, reject) => start((failure) => (failure ? reject(failure) : resolve())));
    await step((done) => connection.beginTransaction(done, 'outer', ISOLATION_LEVEL.SERIALIZABLE));
    await step((done) => connection.saveTransaction(done, 'inner'));
    await step((done) => connection.rollbackTransaction(done, 'inner'));
    expect(engine.calls).toEqual(['begin serializable outer', 'save inner', 'rollback inner']);
    expect((await run(connection, 'select')).error).toBeUndefined();
  });

  test('of T-SQL text are told to the client; a stale descriptor is refused', async () => {
    const { server, engine } = await start();
    engine.batch = async function* () {
      engine.transactionId = 5n;
      yield { kind: 'transaction', event: 'begin', id: 5n };
      yield { kind: 'done' };
    };
    const connection = await connect(server.port);
    expect((await run(connection, 'begin tran')).error).toBeUndefined();
    engine.batch = () => replies({ kind: 'done' });
    expect((await run(connection, 'update')).error).toBeUndefined();
    engine.transactionId = 6n;
    expect((await run(connection, 'update')).error).toMatchObject({ number: 3989 });
  });

  test('a reset of the connection reaches the engine', async () => {
    const { server, engine } = await start();
    const connection = await connect(server.port);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    connection.reset((failure) => (failure === undefined || failure === null ? resolve() : reject(failure)));
    await promise;
    expect(engine.calls).toEqual(['reset']);
  });
});

describe('cancelling and leaving', () => {
  test.each([false, true])(
    'a cancelled request (encrypted: %s) ends the iteration of the engine and the connection goes on',
    async (encrypt) => {
      const { server, engine } = await start();
      const endless = new Endless();
      engine.batch = () => endless.rows();
      const connection = await connect(server.port, { cancelTimeout: 2000, encrypt });
      const outcome = run(connection, 'select', execute, (request) =>
        request.once('row', () => connection.cancel()),
      );
      expect((await outcome).error).toMatchObject({ code: 'ECANCEL' });
      await endless.ended.promise;
      engine.batch = () => replies({ kind: 'done', count: 4 });
      expect((await run(connection, 'update')).rowCount).toBe(4);
    },
  );

  test('a statement that waits is cancelled through its signal', async () => {
    const { server, engine } = await start();
    const connection = await connect(server.port, { cancelTimeout: 2000 });
    engine.batch = async function* (_text, _parameters, signal) {
      setImmediate(() => connection.cancel());
      await once(signal, 'abort');
      signal.throwIfAborted();
      yield { kind: 'done' };
    };
    expect((await run(connection, 'waitfor')).error).toMatchObject({ code: 'ECANCEL' });
  });

  test.each([false, true])(
    'a client that pauses (encrypted: %s) stops the engine, and going on loses nothing',
    async (encrypt) => {
      const { server, engine } = await start();
      const endless = new Endless();
      engine.batch = () => endless.rows();
      const connection = await connect(server.port, { encrypt });
      const numbers: number[] = [];
      const paused = Promise.withResolvers<Request>();
      const outcome = run(connection, 'select', execute, (request) =>
        request.on('row', ([first]: { value: number }[]) => {
          numbers.push(first?.value ?? -1);
          if (numbers.length === 10) {
            request.pause();
            paused.resolve(request);
          }
          if (numbers.length === 100_000) connection.cancel();
        }),
      );
      const request = await paused.promise;
      const still = await standsStill(() => endless.pulled);
      // Buffers of both sides and of the kernel; the client has seen 10 rows.
      expect(still).toBeLessThan(90_000);
      request.resume();
      await outcome;
      expect(numbers.slice(0, 100_000)).toEqual(Array.from({ length: 100_000 }, (_, index) => index + 1));
    },
  );

  test.each([false, true])(
    'a client that leaves (encrypted: %s) ends the iteration of the engine',
    async (encrypt) => {
      const { server, engine } = await start();
      const endless = new Endless();
      engine.batch = () => endless.rows();
      const connection = await connect(server.port, { encrypt });
      const outcome = run(connection, 'select', execute, (request) =>
        request.once('row', () => connection.close()),
      );
      await endless.ended.promise;
      await outcome;
      await expect.poll(() => server.connections()).toBe(0);
      expect(engine.calls).toEqual(['close']);
    },
  );

  test.each([false, true])(
    'dropped connections (encrypted: %s) are replaced by the pool',
    async (encrypt) => {
      const { server } = await start();
      const connections = await pool(server.port, { encrypt });
      await connections.request().query('select');
      server.dropConnections();
      await expect.poll(() => server.connections()).toBe(0);
      await connections.request().query('select');
    },
  );
});

/** The value once it has not changed for 20 looks in a row. */
async function standsStill(look: () => number): Promise<number> {
  let same = 0;
  for (let last = -1; same < 20;) {
    const now = look();
    same = now === last ? same + 1 : 0;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return look();
}

test('the observer hears of connections, logins and statements in order', async () => {
  const heard: string[] = [];
  const { server } = await start({
    observe: {
      connected: ({ id }) => heard.push(`${id} connected`),
      login: ({ id }, { user }, accepted) => heard.push(`${id} ${user} ${accepted}`),
      statement: ({ id }, { kind, text }) => heard.push(`${id} ${kind} ${text}`),
      attention: ({ id }) => heard.push(`${id} attention`),
      disconnected: ({ id }) => heard.push(`${id} disconnected`),
    },
  });
  const connection = await connect(server.port);
  await run(connection, 'select 1', (c, request) => c.execSqlBatch(request));
  await run(connection, 'select 2');
  await run(connection, 'dbo.p', (c, request) => c.callProcedure(request));
  connection.close();
  await expect.poll(() => heard.at(-1)).toBe('1 disconnected');
  expect(heard.filter((line) => !line.includes('set '))).toEqual([
    '1 connected',
    '1 sa true',
    '1 batch select 1',
    '1 execute select 2',
    '1 procedure dbo.p',
    '1 disconnected',
  ]);
});

test('closing the server ends what runs and leaves no connection', async () => {
  const { server, engine } = await start();
  const endless = new Endless();
  engine.batch = () => endless.rows();
  const connection = await connect(server.port);
  const outcome = run(connection, 'select', execute, (request) => request.pause());
  await expect.poll(() => endless.pulled).toBeGreaterThan(0);
  await Promise.all([server.close(), server.close()]);
  await endless.ended.promise;
  expect(server.connections()).toBe(0);
  expect(engine.calls).toEqual(['close']);
  connection.close();
  await outcome;
});

describe('the gate', () => {
  test('answers instead of the engine, for a login and for a statement', async () => {
    const answer = error(1205, 'Transaction was deadlocked.', 13);
    let deadlock = true;
    const { server } = await start({
      gate: { statement: async (_, { text }) => (text === 'update' && deadlock ? { answer } : undefined) },
    });
    const connection = await connect(server.port);
    expect((await run(connection, 'update')).error).toMatchObject({ number: 1205 });
    deadlock = false;
    expect((await run(connection, 'update')).error).toBeUndefined();
    const { server: closed } = await start({
      gate: { login: async () => ({ answer: error(18470, 'Not available.') }) },
    });
    await expect(connect(closed.port)).rejects.toMatchObject({ message: 'Not available.' });
  });

  test('drops in the middle of a result after the packets before', async () => {
    const { server, engine } = await start({
      gate: { rowPacket: async (_, { packets }) => (packets === 5 ? { drop: true } : undefined) },
    });
    const endless = new Endless();
    engine.batch = () => endless.rows();
    const connection = await connect(server.port, { packetSize: 4096 });
    const { rows, error: failure } = await run(connection, 'select');
    expect(failure).toBeDefined();
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.length).toBeLessThan(200);
    await endless.ended.promise;
  });

  test('stalls a result until the client gives up', async () => {
    const { server, engine } = await start({
      gate: {
        rowPacket: async (_, { packets }, signal) => {
          if (packets === 2 && !signal.aborted) await once(signal, 'abort');
          return undefined;
        },
      },
    });
    const endless = new Endless();
    engine.batch = () => endless.rows();
    const connection = await connect(server.port, { packetSize: 4096, cancelTimeout: 2000 });
    const outcome = run(connection, 'select', execute, (request) =>
      request.once('row', () => connection.cancel()),
    );
    expect((await outcome).error).toMatchObject({ code: 'ECANCEL' });
    await endless.ended.promise;
  });
});
