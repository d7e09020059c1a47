/** Values of megabytes, tables of a thousand columns, and text that is none: as exact as the small and the usual. */
import { createHash } from 'node:crypto';
import { decodeEnvelope, encodeEnvelope, type ChangeEvent, type Json } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { capturedEvents } from '../support/captured-events.ts';
import { unicode } from '../support/sql-literal.ts';
import { useValuesDatabase } from '../support/use-values-database.ts';

const database = useValuesDatabase();

/** As it comes out of a message: what is not UTF-16 must survive UTF-8. */
function delivered(event: ChangeEvent | undefined): ChangeEvent | undefined {
  if (event === undefined) return undefined;
  return decodeEnvelope(Buffer.from(encodeEnvelope(event, { generation: 1, epoch: 1 })).toString());
}

const megabytes = 8 * 1_048_576;

test.each([
  {
    type: 'nvarchar(max)',
    sql: (n: number) => `REPLICATE(CONVERT(nvarchar(max), N'é${n}🙂'), ${megabytes / 8})`,
    value: (n: number) => `é${n}🙂`.repeat(megabytes / 8),
  },
  {
    type: 'varchar(max)',
    sql: (n: number) => `REPLICATE(CONVERT(varchar(max), 'é${n}'), ${megabytes / 2})`,
    value: (n: number) => `é${n}`.repeat(megabytes / 2),
  },
  {
    type: 'varbinary(max)',
    sql: (n: number) =>
      `CONVERT(varbinary(max), REPLICATE(CONVERT(varchar(max), 'ab${n}d'), ${megabytes / 4}))`,
    value: (n: number) => Buffer.from(`ab${n}d`.repeat(megabytes / 4)).toString('base64'),
  },
  {
    type: 'xml',
    sql: (n: number) =>
      `CONVERT(xml, N'<a>' + REPLICATE(CONVERT(nvarchar(max), N'é${n}🙂'), ${megabytes / 8}) + N'</a>')`,
    value: (n: number) => `<a>${`é${n}🙂`.repeat(megabytes / 8)}</a>`,
  },
])('$type of 8 MB arrives whole, before and after', async ({ type, sql, value }) => {
  const table = `Large_${type.replace(/\W/g, '')}`;
  await database().pool.query(`CREATE TABLE dbo.${table} (Id int NOT NULL PRIMARY KEY, V ${type} NULL)`);
  await database().enable(table);
  await database().transaction([
    `INSERT INTO dbo.${table} VALUES (1, ${sql(1)})`,
    `UPDATE dbo.${table} SET V = ${sql(2)}`,
    `DELETE FROM dbo.${table}`,
  ]);
  const events = await capturedEvents(database(), table, 3, { maxRows: 5_000, maxBytes: 1_048_576 });
  const digest = (text: Json | undefined) =>
    typeof text === 'string' ? createHash('sha256').update(text).digest('hex') : text;
  expect(events.map(({ data, before }) => [digest(before?.['V']), digest(data?.['V'])])).toEqual([
    [undefined, digest(value(1))],
    [digest(value(1)), digest(value(2))],
    [undefined, digest(value(2))],
  ]);
});

describe('text', () => {
  const texts = {
    supplementary: '🙂𝒳',
    'a high surrogate alone': 'a\ud83d',
    'a low surrogate alone': '\ude42b',
    'surrogates in the wrong order': '\ude42\ud83d',
    NUL: 'a\u0000b\u0000',
    'a line separator, a byte order mark and no character': '\u2028\ufeff\uffff',
    'blanks at its end': 'a   ',
  };

  test('of any code units comes out of a message as it was, in data, before and key', async () => {
    await database().pool.query(
      'CREATE TABLE dbo.Texts (K nvarchar(20) COLLATE Latin1_General_BIN2 NOT NULL PRIMARY KEY, V nvarchar(20), M nvarchar(max))',
    );
    await database().enable('Texts');
    const literals = Object.values(texts).map(unicode);
    await database().transaction([
      `INSERT INTO dbo.Texts VALUES ${literals.map((text) => `(${text}, ${text}, ${text})`).join()}`,
      "UPDATE dbo.Texts SET V = N'', M = N''",
    ]);
    const events = (await capturedEvents(database(), 'Texts', 2 * literals.length)).map(delivered);
    const images = (operation: string, image: 'data' | 'before') =>
      events
        .filter((event) => event?.metadata.operation === operation)
        .map((event) => [event?.metadata.key?.['K'], ...Object.values(event?.[image] ?? {})]);
    const whole = Object.values(texts).map((text) => [text, text, text, text]);
    expect(new Set(images('insert', 'data'))).toEqual(new Set(whole));
    expect(new Set(images('update', 'before'))).toEqual(new Set(whole));
  });

  test('of char and nchar has its blanks', async () => {
    await database().pool.query(
      'CREATE TABLE dbo.Blanks (Id int NOT NULL PRIMARY KEY, C char(4), N nchar(4), V varchar(4))',
    );
    await database().enable('Blanks');
    await database().transaction(["INSERT INTO dbo.Blanks VALUES (1, 'a', N'b ', 'c ')"]);
    const [inserted] = await capturedEvents(database(), 'Blanks', 1);
    expect(inserted?.data).toEqual({ Id: 1, C: 'a   ', N: 'b   ', V: 'c ' });
  });
});

test('a table of a thousand columns is read with its own bits', async () => {
  const kinds = [
    { type: 'int', sql: '7', value: 7 },
    { type: 'decimal(9,2)', sql: '1.5', value: '1.50' },
    { type: 'bit', sql: '1', value: true },
    { type: 'smalldatetime', sql: "'2026-11-20T09:15:00'", value: '2026-11-20T09:15:00' },
    { type: 'char(2)', sql: "'ab'", value: 'ab' },
  ] as const;
  const columns = Array.from({ length: 999 }, (_, i) => ({
    name: `c${i}`,
    ...(kinds[i % kinds.length] ?? kinds[0]),
  }));
  const declared = columns.map(({ name, type }) => `${name} ${type} NULL`);
  await database().pool.query(`CREATE TABLE dbo.Thousand (Id int NOT NULL PRIMARY KEY, ${declared.join()})`);
  await database().enable('Thousand');
  await database().transaction([
    `INSERT INTO dbo.Thousand VALUES (1, ${columns.map(({ sql }) => sql).join()})`,
    'UPDATE dbo.Thousand SET c0 = NULL, c6 = NULL, c7 = NULL, c500 = NULL, c998 = NULL',
    'DELETE FROM dbo.Thousand',
  ]);
  const [inserted, updated, deleted] = await capturedEvents(database(), 'Thousand', 3);
  const whole = { Id: 1, ...Object.fromEntries(columns.map(({ name, value }) => [name, value])) };
  const left = { ...whole, c0: null, c6: null, c7: null, c500: null, c998: null };
  expect(inserted?.data).toEqual(whole);
  expect(updated).toMatchObject({ data: left, before: whole });
  expect(updated?.metadata.changed).toEqual(['c0', 'c6', 'c7', 'c500', 'c998']);
  expect(deleted?.data).toEqual(left);
});
