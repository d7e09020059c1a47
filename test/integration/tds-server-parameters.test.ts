/** Parameters, procedures and prepared statements reach the engine. */
import sql from 'mssql';
import { TYPES } from 'tedious';
import type { Request } from 'tedious';
import { expect, test } from 'vitest';
import type { SqlParameter, SqlValue } from '../stand-ins/sql-server/src/engine/interface/engine-session.ts';
import { replies } from '../support/scripted-sql-engine.ts';
import { column } from '../support/sql-columns.ts';
import { execute, runRequest } from '../support/tds-request.ts';
import { connectTds, poolTds, startTds } from '../support/tds-rig.ts';

function describeValue(value: SqlValue): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return 'unscaled' in value ? `${value.unscaled}/10^${value.scale}` : 'object';
}

const days2024 = 738_885;

async function seen(prepare: (request: Request) => void): Promise<readonly SqlParameter[]> {
  const { server, engine } = await startTds();
  let parameters: readonly SqlParameter[] = [];
  engine.script = (_, given) => {
    parameters = given;
    return replies({ kind: 'done' });
  };
  const connection = await connectTds(server.port);
  expect((await runRequest(connection, 'select', execute, prepare)).error).toBeUndefined();
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
  const { server, engine } = await startTds();
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
  const connection = await connectTds(server.port);
  let status: unknown;
  const outcome = await runRequest(
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
  const { server, engine } = await startTds();
  engine.script = (text, parameters) =>
    replies(
      { kind: 'columns', columns: [column({ name: 'nvarchar', length: 100 })] },
      {
        kind: 'row',
        values: [`${text} ${parameters.map(({ name, value }) => `${name}=${describeValue(value)}`).join()}`],
      },
      { kind: 'done', count: 1 },
    );
  const connection = await connectTds(server.port);
  const prepared = new sql.PreparedStatement(await poolTds(server.port));
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
  const unknown = await runRequest(
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
  const both = await runRequest(
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
  const { server } = await startTds();
  const connection = await connectTds(server.port);
  const table = await runRequest(connection, 'select', execute, (request) => {
    request.addParameter('t', TYPES.TVP, { columns: [{ name: 'a', type: TYPES.Int }], rows: [[1]] });
  });
  expect(table.error).toMatchObject({ number: 8009 });
  expect(table.error?.message).toContain('Table-valued parameters are not supported.');
  const bulk = connection.newBulkLoad('t', (failure) => loaded.resolve(failure));
  const loaded = Promise.withResolvers<unknown>();
  bulk.addColumn('a', TYPES.Int, { nullable: true });
  connection.execBulkLoad(bulk, [[1]]);
  expect(String(await loaded.promise)).toContain('Bulk load');
  expect((await runRequest(connection, 'select')).error).toBeUndefined();
});
