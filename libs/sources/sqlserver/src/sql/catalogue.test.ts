import type { TableId } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import type { SqlClient } from '../client/sql-client.ts';
import { captureInstancesOf, tablesOfDatabase } from './catalogue.ts';

const table: TableId = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' };
const o = { signal: new AbortController().signal };

type Sets = readonly (readonly (readonly unknown[])[])[];

/** Answers statements in the order of `answers`, and keeps their texts. */
function answering(...answers: Sets[]): SqlClient & { readonly texts: readonly string[] } {
  const texts: string[] = [];
  return {
    texts,
    query: ({ text }) => {
      texts.push(text);
      return Promise.resolve(answers.shift() ?? []);
    },
    stream: () => {
      throw new Error('nothing is streamed here');
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

describe('the row of our own database', () => {
  test('is asked for by name, which Azure SQL Database answers too', async () => {
    const client = answering([[['Shop']], []], [[[true]], []]);
    await tablesOfDatabase(client, 'shop', o);
    await captureInstancesOf(client, table, o).catch(() => undefined);
    expect(client.texts).toHaveLength(2);
    for (const text of client.texts) {
      expect(text).toContain('WHERE d.[name] = DB_NAME()');
      expect(text).not.toContain('DB_ID');
    }
  });

  test('gives the name as the catalogue spells it', async () => {
    const client = answering([[['Shop']], [['dbo', 'Persons', true]]]);
    expect(await tablesOfDatabase(client, 'shop', o)).toEqual({
      database: 'Shop',
      tables: [{ schema: 'dbo', table: 'Persons', captured: true }],
    });
  });

  test('is an error that names the database when it is not there', async () => {
    const missing = { code: 'Unexpected', message: expect.stringContaining('"shop"') };
    await expect(tablesOfDatabase(answering([[], []]), 'shop', o)).rejects.toMatchObject(missing);
    await expect(captureInstancesOf(answering([[], [[true]]]), table, o)).rejects.toMatchObject(missing);
  });
});

describe('capture instances', () => {
  const known = [[[true]], [[true]]];
  const columns = [['old', 'Id', 'int', 1, false]];
  const startLsn = Buffer.alloc(10, 1);

  test('without a first LSN are left out beside one that has it', async () => {
    const instances = [
      ['young', null],
      ['old', startLsn],
    ];
    const found = await captureInstancesOf(answering(known, [instances, columns, []]), table, o);
    expect(found?.map(({ name }) => name)).toEqual(['old']);
  });

  test('that all lack it are neither a table that is not captured nor an error', async () => {
    const client = answering(known, [[['young', null]], columns, []]);
    expect(await captureInstancesOf(client, table, o)).toBeUndefined();
  });

  test('that are none at all are a table that is not captured', async () => {
    await expect(captureInstancesOf(answering(known, [[], [], []]), table, o)).rejects.toMatchObject({
      code: 'TableNotCaptured',
    });
  });

  test('are found by names in one collation: those of the catalogue have another than those of the schema cdc', async () => {
    const client = answering(known, [[['old', startLsn]], columns, []]);
    await captureInstancesOf(client, table, o);
    expect(client.texts[1]).toContain('x.[name] COLLATE DATABASE_DEFAULT = k.[column_name]');
    expect(client.texts[1]).toContain('ISNULL(y.[name] COLLATE DATABASE_DEFAULT, k.[column_type])');
  });
});
