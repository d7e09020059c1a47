import type { TableId } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import type { SqlClient } from '../client/sql-client.ts';
import { tablesStatement, tableStatement } from '../sql/catalogue-statements.ts';
import { captureInstancesOf, tablesOfDatabase } from './catalogue.ts';

const table: TableId = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' };
const o = { signal: new AbortController().signal };

type Sets = readonly (readonly (readonly unknown[])[])[];

/** Answers its questions in the order of `answers`. */
function answering(...answers: Sets[]): SqlClient {
  return {
    query: () => Promise.resolve(answers.shift() ?? []),
    stream: () => {
      throw new Error('nothing is streamed here');
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

describe('the row of our own database', () => {
  test.each([tablesStatement.text, tableStatement('dbo', 'Persons').text])(
    'is asked for by name, which Azure SQL Database answers too',
    (text) => {
      expect(text).toContain('WHERE d.[name] = DB_NAME()');
      expect(text).not.toContain('DB_ID');
    },
  );

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
});
