/** What an engine answers arrives at the clients the product uses. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { SqlType, SqlValue } from '../stand-ins/sql-server/src/engine/interface/engine-session.ts';
import { replies, sqlMessage } from '../support/scripted-sql-engine.ts';
import { column, intColumn } from '../support/sql-columns.ts';
import { runRequest } from '../support/tds-request.ts';
import { connectTds, startTds } from '../support/tds-rig.ts';

const BIG = 10n ** 37n + 1n;

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

test.each([4096, 512, 32_767])(
  'every type arrives, NULL and not, in packets of %i bytes',
  async (packetSize) => {
    const { server, engine } = await startTds();
    const values = samples.map(([, value]) => value);
    engine.script = () =>
      replies(
        { kind: 'columns', columns: samples.map(([type]) => column(type)) },
        { kind: 'row', values },
        { kind: 'row', values: values.map(() => null) },
        { kind: 'done', count: 2 },
        { kind: 'columns', columns: samples.map(([type]) => column(type, false)) },
        { kind: 'row', values },
        { kind: 'done', count: 1 },
      );
    const connection = await connectTds(server.port, { packetSize });
    const { rows, rowCount, error: failure } = await runRequest(connection, 'select');
    const expected = samples.map(([, , value]) => value);
    expect(failure).toBeUndefined();
    expect(rowCount).toBe(3);
    expect(rows[0]).toEqual(expected);
    expect(rows[1]).toEqual(expected.map(() => null));
    expect(rows[2]).toEqual(expected);
  },
);

test('an error inside a result ends it and the next statement still counts', async () => {
  const { server, engine } = await startTds();
  engine.script = () =>
    replies(
      { kind: 'columns', columns: [intColumn] },
      { kind: 'row', values: [1] },
      { kind: 'message', message: { ...sqlMessage(8134), line: 3 } },
      { kind: 'done' },
      { kind: 'done', count: 7 },
    );
  const connection = await connectTds(server.port);
  const { rows, error: failure } = await runRequest(connection, 'select');
  expect(rows).toEqual([[1]]);
  expect(failure).toMatchObject({ number: 8134, lineNumber: 3 });
  expect((await runRequest(connection, 'update', (c, r) => c.execSqlBatch(r))).rowCount).toBe(7);
});

test('an exception of the engine becomes an error, is reported, and the connection goes on', async () => {
  const failures: unknown[] = [];
  const { server, engine } = await startTds({ observe: { failure: (_, failure) => failures.push(failure) } });
  const broken = new Error('broken');
  engine.script = async function* () {
    yield { kind: 'columns', columns: [intColumn] };
    yield { kind: 'row', values: [1] };
    throw broken;
  };
  const connection = await connectTds(server.port);
  const first = await runRequest(connection, 'select');
  expect(first.error).toMatchObject({ number: 50000, message: 'The stand-in failed: broken' });
  expect(failures).toEqual([broken]);
  engine.script = () =>
    replies({ kind: 'columns', columns: [intColumn] }, { kind: 'row', values: ['no number'] });
  const second = await runRequest(connection, 'select');
  expect(second.error?.message).toContain('of type int');
  expect(second.rows).toEqual([]);
});

test.each([false, true])(
  'an error of severity 20 (encrypted: %s) is sent, then the connection closed',
  async (encrypt) => {
    const { server, engine } = await startTds();
    engine.script = () => replies({ kind: 'message', message: sqlMessage(21, 20, 'Fatal.') });
    const connection = await connectTds(server.port, { encrypt });
    const ended = once(connection, 'end');
    expect((await runRequest(connection, 'select')).error).toMatchObject({ number: 21 });
    await ended;
    expect(engine.calls).toEqual(['close']);
  },
);
