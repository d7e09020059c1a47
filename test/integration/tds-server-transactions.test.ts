/** Transactions of the protocol and of T-SQL, and the reset of a connection. */
import sql from 'mssql';
import { ISOLATION_LEVEL } from 'tedious';
import { expect, test } from 'vitest';
import { replies } from '../support/scripted-sql-engine.ts';
import { runRequest } from '../support/tds-request.ts';
import { connectTds, poolTds, startTds } from '../support/tds-rig.ts';

test('transactions of the protocol carry their descriptor in both directions', async () => {
  const { server, engine } = await startTds();
  const transaction = new sql.Transaction(await poolTds(server.port));
  await transaction.begin(ISOLATION_LEVEL.SNAPSHOT);
  expect(engine.calls).toContain('begin snapshot ');
  expect(engine.transactionId).not.toBe(0n);
  await new sql.Request(transaction).query('update');
  await transaction.commit();
  expect(engine.transactionId).toBe(0n);
});

test('transactions of the protocol have savepoints and are rolled back', async () => {
  const { server, engine } = await startTds();
  const connection = await connectTds(server.port);
  const step = (start: (done: (failure?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => start((failure) => (failure ? reject(failure) : resolve())));
  await step((done) => connection.beginTransaction(done, 'outer', ISOLATION_LEVEL.SERIALIZABLE));
  await step((done) => connection.saveTransaction(done, 'inner'));
  await step((done) => connection.rollbackTransaction(done, 'inner'));
  expect(engine.calls).toEqual(['begin serializable outer', 'save inner', 'rollback inner']);
  expect((await runRequest(connection, 'select')).error).toBeUndefined();
});

test('transactions of T-SQL text are told to the client; a stale descriptor is refused', async () => {
  const { server, engine } = await startTds();
  engine.script = async function* () {
    engine.transactionId = 5n;
    yield { kind: 'transaction', event: 'begin', id: 5n };
    yield { kind: 'done' };
  };
  const connection = await connectTds(server.port);
  expect((await runRequest(connection, 'begin tran')).error).toBeUndefined();
  engine.script = () => replies({ kind: 'done' });
  expect((await runRequest(connection, 'update')).error).toBeUndefined();
  engine.transactionId = 6n;
  expect((await runRequest(connection, 'update')).error).toMatchObject({ number: 3989 });
});

test('a reset of the connection reaches the engine', async () => {
  const { server, engine } = await startTds();
  const connection = await connectTds(server.port);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.reset((failure) => (failure === undefined || failure === null ? resolve() : reject(failure)));
  await promise;
  expect(engine.calls).toEqual(['reset']);
});
