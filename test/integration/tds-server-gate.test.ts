/** What stands between the clients and the engine: the observer and the gate. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { EndlessRows } from '../support/endless-rows.ts';
import { sqlMessage } from '../support/scripted-sql-engine.ts';
import { execute, runRequest } from '../support/tds-request.ts';
import { connectTds, startTds } from '../support/tds-rig.ts';

test('the observer hears of connections, logins and statements in order', async () => {
  const heard: string[] = [];
  const { server } = await startTds({
    observe: {
      connected: ({ id }) => heard.push(`${id} connected`),
      login: ({ id }, { user }, accepted) => heard.push(`${id} ${user} ${accepted}`),
      statement: ({ id }, { kind, text }) => heard.push(`${id} ${kind} ${text}`),
      attention: ({ id }) => heard.push(`${id} attention`),
      disconnected: ({ id }) => heard.push(`${id} disconnected`),
    },
  });
  const connection = await connectTds(server.port);
  await runRequest(connection, 'select 1', (c, request) => c.execSqlBatch(request));
  await runRequest(connection, 'select 2');
  await runRequest(connection, 'dbo.p', (c, request) => c.callProcedure(request));
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

describe('the gate', () => {
  test('answers instead of the engine, for a login and for a statement', async () => {
    const answer = sqlMessage(1205, 13, 'Transaction was deadlocked.');
    let deadlock = true;
    const { server } = await startTds({
      gate: { statement: async (_, { text }) => (text === 'update' && deadlock ? { answer } : undefined) },
    });
    const connection = await connectTds(server.port);
    expect((await runRequest(connection, 'update')).error).toMatchObject({ number: 1205 });
    deadlock = false;
    expect((await runRequest(connection, 'update')).error).toBeUndefined();
    const { server: closed } = await startTds({
      gate: { login: async () => ({ answer: sqlMessage(18470, 16, 'Not available.') }) },
    });
    await expect(connectTds(closed.port)).rejects.toMatchObject({ message: 'Not available.' });
  });

  test('drops in the middle of a result after the packets before', async () => {
    const { server, engine } = await startTds({
      gate: { rowPacket: async (_, { packets }) => (packets === 5 ? { drop: true } : undefined) },
    });
    const endless = new EndlessRows();
    engine.script = () => endless.rows();
    const connection = await connectTds(server.port, { packetSize: 4096 });
    const { rows, error: failure } = await runRequest(connection, 'select');
    expect(failure).toBeDefined();
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.length).toBeLessThan(200);
    await endless.ended.promise;
  });

  test('stalls a result until the client gives up', async () => {
    const { server, engine } = await startTds({
      gate: {
        rowPacket: async (_, { packets }, signal) => {
          if (packets === 2 && !signal.aborted) await once(signal, 'abort');
          return undefined;
        },
      },
    });
    const endless = new EndlessRows();
    engine.script = () => endless.rows();
    const connection = await connectTds(server.port, { packetSize: 4096, cancelTimeout: 2000 });
    const outcome = runRequest(connection, 'select', execute, (request) =>
      request.once('row', () => connection.cancel()),
    );
    expect((await outcome).error).toMatchObject({ code: 'ECANCEL' });
    await endless.ended.promise;
  });
});
