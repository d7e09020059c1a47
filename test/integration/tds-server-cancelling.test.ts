/** Requests that are cancelled, and clients and servers that leave. */
import { once } from 'node:events';
import type { Request } from 'tedious';
import { expect, test } from 'vitest';
import { EndlessRows } from '../support/endless-rows.ts';
import { replies } from '../support/scripted-sql-engine.ts';
import { execute, runRequest } from '../support/tds-request.ts';
import { connectTds, poolTds, startTds } from '../support/tds-rig.ts';

test.each([false, true])(
  'a cancelled request (encrypted: %s) ends the iteration of the engine and the connection goes on',
  async (encrypt) => {
    const { server, engine } = await startTds();
    const endless = new EndlessRows();
    engine.script = () => endless.rows();
    const connection = await connectTds(server.port, { cancelTimeout: 2000, encrypt });
    const outcome = runRequest(connection, 'select', execute, (request) =>
      request.once('row', () => connection.cancel()),
    );
    expect((await outcome).error).toMatchObject({ code: 'ECANCEL' });
    await endless.ended.promise;
    engine.script = () => replies({ kind: 'done', count: 4 });
    expect((await runRequest(connection, 'update')).rowCount).toBe(4);
  },
);

test('a statement that waits is cancelled through its signal', async () => {
  const { server, engine } = await startTds();
  const connection = await connectTds(server.port, { cancelTimeout: 2000 });
  engine.script = async function* (_text, _parameters, signal) {
    setImmediate(() => connection.cancel());
    await once(signal, 'abort');
    signal.throwIfAborted();
    yield { kind: 'done' };
  };
  expect((await runRequest(connection, 'waitfor')).error).toMatchObject({ code: 'ECANCEL' });
});

test.each([false, true])(
  'a client that pauses (encrypted: %s) stops the engine, and going on loses nothing',
  async (encrypt) => {
    const { server, engine } = await startTds();
    const endless = new EndlessRows();
    engine.script = () => endless.rows();
    const connection = await connectTds(server.port, { encrypt });
    const numbers: number[] = [];
    const paused = Promise.withResolvers<Request>();
    const outcome = runRequest(connection, 'select', execute, (request) =>
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
    const { server, engine } = await startTds();
    const endless = new EndlessRows();
    engine.script = () => endless.rows();
    const connection = await connectTds(server.port, { encrypt });
    const outcome = runRequest(connection, 'select', execute, (request) =>
      request.once('row', () => connection.close()),
    );
    await endless.ended.promise;
    await outcome;
    await expect.poll(() => server.connections()).toBe(0);
    expect(engine.calls).toEqual(['close']);
  },
);

test.each([false, true])('dropped connections (encrypted: %s) are replaced by the pool', async (encrypt) => {
  const { server } = await startTds();
  const connections = await poolTds(server.port, { encrypt });
  await connections.request().query('select');
  server.dropConnections();
  await expect.poll(() => server.connections()).toBe(0);
  await connections.request().query('select');
});

test('closing the server ends what runs and leaves no connection', async () => {
  const { server, engine } = await startTds();
  const endless = new EndlessRows();
  engine.script = () => endless.rows();
  const connection = await connectTds(server.port);
  const outcome = runRequest(connection, 'select', execute, (request) => request.pause());
  await expect.poll(() => endless.pulled).toBeGreaterThan(0);
  await Promise.all([server.close(), server.close()]);
  await endless.ended.promise;
  expect(server.connections()).toBe(0);
  expect(engine.calls).toEqual(['close']);
  connection.close();
  await outcome;
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
