/** The client of libs/sources/sqlserver over a real socket, against an engine that answers what each test wants. */
import { systemClock } from '@dstream/async';
import { parseConnectionString } from '@dstream/sqlserver';
import { afterEach, describe, expect, test } from 'vitest';
import { PooledSqlClient } from '../../libs/sources/sqlserver/src/client/pooled-sql-client.ts';
import { SqlConnection } from '../../libs/sources/sqlserver/src/client/sql-connection.ts';
import type { Lsn } from '../../libs/sources/sqlserver/src/position/log-position.ts';
import {
  intParameter,
  lsnParameter,
  nameParameter,
} from '../../libs/sources/sqlserver/src/client/sql-client.ts';
import type { Reply } from '../stand-ins/sql-server/src/engine/interface/engine-session.ts';
import { startTdsServer, type TdsServerOptions } from '../stand-ins/sql-server/src/tds/tds-server.ts';
import { forEver, replies, ScriptedSqlEngine, sqlMessage } from '../support/scripted-sql-engine.ts';
import { until } from '../support/until.ts';

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of stack.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

const { signal } = new AbortController();
const statement = { text: 'SELECT what the script says', parameters: [] };
const everything = { maxRows: 1_000_000, maxBytes: 1_000_000_000 };
const columns: Reply = {
  kind: 'columns',
  columns: [
    { name: 'n', type: { name: 'int' }, nullable: false },
    { name: 'pad', type: { name: 'varchar', length: 1_000 }, nullable: false },
  ],
};

interface Rig {
  readonly engine: ScriptedSqlEngine;
  readonly client: PooledSqlClient;
  readonly dropConnections: () => void;
  readonly connections: () => number;
}

async function start({
  more = 'Encrypt=false',
  stallMs = 5_000,
  ...options
}: { more?: string; stallMs?: number } & Partial<TdsServerOptions> = {}): Promise<Rig> {
  const engine = new ScriptedSqlEngine();
  const server = await startTdsServer({ engine, ...options });
  const text = `Server=127.0.0.1,${server.port};Database=shop;User Id=sa;Password=secret;${more}`;
  const settings = { address: parseConnectionString(text), applicationName: 'test', packetSize: 16_384 };
  const client = new PooledSqlClient({
    open: (s) => SqlConnection.open(settings, s),
    streams: 2,
    clock: systemClock,
    silence: { firstRowMs: stallMs, stallMs },
  });
  stack.push({ [Symbol.asyncDispose]: () => server.close() }, client);
  return {
    engine,
    client,
    dropConnections: () => server.dropConnections(),
    connections: () => server.connections(),
  };
}

/** `count` rows, and then `after`: nothing, or what never comes. */
async function* rows(count: number, after: Promise<void> = Promise.resolve()): AsyncGenerator<Reply> {
  yield columns;
  for (let n = 1; n <= count; n += 1) yield { kind: 'row', values: [n, 'x'.repeat(1_000)] };
  await after;
  yield { kind: 'done', count };
}

async function drained(client: PooledSqlClient, limits = everything, abort = signal): Promise<number> {
  let count = 0;
  for await (const handful of client.stream(statement, limits, { signal: abort })) count += handful.length;
  return count;
}

describe('the client', () => {
  test('binds parameters as what they are', async () => {
    const { engine, client } = await start();
    const seen: unknown[] = [];
    engine.script = (_, parameters) => {
      seen.push(...parameters.map(({ name, type, value }) => [name, type.name, type.length, value]));
      return replies({ kind: 'done' });
    };
    const parameters = [
      lsnParameter('from', '0000002A000001F80003' as Lsn),
      intParameter('n', 7),
      nameParameter('table', 'Größe [x]'),
    ];
    await client.query({ text: 'SELECT @from', parameters }, { signal });
    expect(seen).toEqual([
      ['@from', 'binary', 10, new Uint8Array([0, 0, 0, 42, 0, 0, 1, 248, 0, 3])],
      ['@n', 'int', undefined, 7],
      ['@table', 'nvarchar', 128, 'Größe [x]'],
    ]);
  });

  test('who leaves at the last row, or fails there, leaves a process that goes on', async () => {
    const { engine, client } = await start();
    engine.script = () => replies(columns, { kind: 'row', values: [1, 'a'] }, { kind: 'done', count: 1 });
    for (let time = 0; time < 30; time += 1)
      for await (const rows of client.stream(statement, everything, { signal })) {
        expect(rows).toHaveLength(1);
        break;
      }
    // The driver throws out of an event when this is done wrong: vitest fails on that.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await client.query(statement, { signal })).toEqual([[[1, 'a']]]);
  });

  test('gives no rows of sets behind an error: their numbers are those of other sets', async () => {
    const { engine, client } = await start();
    const row: Reply = { kind: 'row', values: [1, 'a'] };
    engine.script = () =>
      replies(
        columns,
        row,
        { kind: 'done', count: 1 },
        { kind: 'message', message: sqlMessage(229) },
        columns,
        row,
        { kind: 'done', count: 1 },
      );
    const seen: number[] = [];
    const reading = (async () => {
      for await (const rows of client.stream(statement, everything, { signal }))
        seen.push(...rows.map(({ set }) => set));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'PermissionDenied' });
    expect(seen.filter((set) => set > 0)).toEqual([]);
  });

  test('tells result sets apart, also empty ones', async () => {
    const { engine, client } = await start();
    engine.script = () =>
      replies(
        columns,
        { kind: 'row', values: [1, 'a'] },
        { kind: 'done' },
        columns,
        { kind: 'done' },
        columns,
        {
          kind: 'row',
          values: [2, 'b'],
        },
      );
    expect(await client.query(statement, { signal })).toEqual([[[1, 'a']], [], [[2, 'b']]]);
  });

  test('a slow reader holds the server back', async () => {
    const { engine, client } = await start();
    let produced = 0;
    engine.script = async function* () {
      for await (const reply of rows(200_000)) {
        produced += 1;
        yield reply;
      }
    };
    const stream = client.stream(statement, { maxRows: 100, maxBytes: 1_000_000 }, { signal });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    let before = -1;
    await until(
      () => {
        const still = produced === before;
        before = produced;
        return still;
      },
      () => 'the server stands still',
    );
    expect(produced).toBeLessThan(50_000);
    let count = 0;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      count += next.value.length;
    expect(produced).toBe(200_002);
    expect(count).toBeGreaterThan(190_000);
  });

  test('a connection that breaks midway is an error that passes, and is not used again', async () => {
    const { engine, client, dropConnections, connections } = await start();
    engine.script = (_text, _parameters, gone) => rows(10, forEver(gone));
    const broken = drained(client, { maxRows: 1, maxBytes: 1 });
    await until(
      () => connections() === 1,
      () => 'a connection',
    );
    dropConnections();
    await expect(broken).rejects.toMatchObject({ code: 'Unreachable', disposition: 'retry' });
    engine.script = () => rows(3);
    expect(await drained(client)).toBe(3);
  });

  test('a connection that breaks while idle is noticed', async () => {
    const { engine, client, dropConnections, connections } = await start();
    engine.script = () => rows(3);
    expect(await drained(client)).toBe(3);
    dropConnections();
    await until(
      () => connections() === 0,
      () => 'no connection',
    );
    // The end of the socket reaches the client a moment later: until then one attempt may fail.
    const again = await until(
      () => drained(client).catch(() => undefined),
      () => 'a new connection',
    );
    expect(again).toBe(3);
  });

  test('a result that stalls midway is given up', async () => {
    const { engine, client } = await start({ stallMs: 150 });
    engine.script = (_text, _parameters, gone) => rows(100, forEver(gone));
    await expect(drained(client)).rejects.toMatchObject({ code: 'Stalled', disposition: 'retry' });
  });

  test('an abort ends a wait at once with its reason', async () => {
    const { engine, client } = await start();
    engine.script = (_text, _parameters, gone) => rows(100, forEver(gone));
    const controller = new AbortController();
    const waiting = drained(client, everything, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('who leaves early leaves no connection behind that still sends', async () => {
    const { engine, client, connections } = await start();
    engine.script = () => rows(100_000);
    for await (const handful of client.stream(statement, { maxRows: 10, maxBytes: 1_000 }, { signal }))
      if (handful.length > 0) break;
    await until(
      () => connections() === 0,
      () => `no connection, ${connections()} are open`,
    );
    engine.script = () => rows(2);
    expect(await drained(client)).toBe(2);
  });

  test('an error of the server keeps its number and the connection', async () => {
    const { engine, client, connections } = await start();
    engine.script = () => replies({ kind: 'message', message: sqlMessage(1205, 13) }, { kind: 'done' });
    await expect(drained(client)).rejects.toMatchObject({ code: 'Transient' });
    engine.script = () => rows(2);
    expect(await drained(client)).toBe(2);
    expect(connections()).toBeLessThanOrEqual(1);
  });

  test('a refused login and a missing database are told apart, without the password', async () => {
    const { engine, client } = await start();
    engine.refuse = sqlMessage(18456, 14);
    const refused = drained(client);
    await expect(refused).rejects.toMatchObject({
      code: 'LoginFailed',
      message: expect.not.stringContaining('secret'),
    });
    engine.refuse = sqlMessage(4060, 11);
    await expect(drained(client)).rejects.toMatchObject({ code: 'DatabaseNotFound' });
  });

  test('a certificate that nobody knows is a matter of configuration', async () => {
    const { client } = await start({ more: 'Encrypt=true' });
    await expect(drained(client)).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringContaining('TrustServerCertificate=true'),
    });
  });

  test('an encrypted connection reads the same', async () => {
    const { engine, client } = await start({
      more: 'Encrypt=true;TrustServerCertificate=true',
      requireEncryption: true,
    });
    engine.script = () => rows(5_000);
    expect(await drained(client)).toBe(5_000);
  });

  test('nobody there is an error that passes', async () => {
    const { client, engine } = await start();
    const server = await startTdsServer({ engine });
    await server.close();
    const text = `Server=127.0.0.1,${server.port};Database=shop;User Id=sa;Password=secret;Encrypt=false`;
    const settings = { address: parseConnectionString(text), applicationName: 'test', packetSize: 16_384 };
    await expect(SqlConnection.open(settings, signal)).rejects.toMatchObject({
      code: 'Unreachable',
      message: expect.stringContaining(`127.0.0.1:${server.port}`),
    });
    expect(await client.query(statement, { signal })).toEqual([]);
  });
});
