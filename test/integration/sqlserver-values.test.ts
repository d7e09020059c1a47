/** Every type of SQL Server through the source: in inserts, in both images of updates, and in deletes. */
import type { ChangeEvent, Row, Value } from '@dstream/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { capturedEvents } from '../support/captured-events.ts';
import { valueSamples, type TypeSamples } from '../support/value-samples.ts';
import { typesOfReadme } from '../support/types-table.ts';
import { useValuesDatabase } from '../support/use-values-database.ts';

const database = useValuesDatabase();

/** CDC carries the old value of none of these: "cdc.<capture_instance>_CT", large object data types. */
const neverBefore = new Set(['text', 'ntext', 'image']);

type Sample = readonly [sql: string, value: Value];

/** As many rows as the longest list has samples, and one of NULLs; a shorter list begins again. */
const rowsOf = (types: readonly TypeSamples[]) => 1 + Math.max(...types.map(({ samples }) => samples.length));

function samplesAt(types: readonly TypeSamples[], n: number): readonly Sample[] {
  const last = n === rowsOf(types) - 1;
  return types.map(({ samples }) => (last ? undefined : samples[n % samples.length]) ?? ['NULL', null]);
}

/** Row n holds the n-th sample of every type, then the next one, and is deleted then. */
async function written(table: string, types: readonly TypeSamples[]): Promise<readonly ChangeEvent[]> {
  const declared = types.map(({ type }, c) => `c${c} ${type} NULL`);
  await database().pool.query(
    `CREATE TABLE dbo.[${table}] (Id int NOT NULL PRIMARY KEY, ${declared.join()})`,
  );
  await database().enable(table);
  const last = rowsOf(types) - 1;
  for (let n = 0; n <= last; n += 1) {
    const literals = samplesAt(types, n).map(([sql]) => sql);
    const next = samplesAt(types, Math.min(n + 1, last)).map(([sql], c) => `c${c} = ${sql}`);
    await database().pool.query(
      `INSERT INTO dbo.[${table}] VALUES (${n}, ${literals.join()});
       UPDATE dbo.[${table}] SET ${next.join()} WHERE Id = ${n} AND Id < ${last}`,
    );
  }
  await database().transaction([`DELETE FROM dbo.[${table}]`]);
  return capturedEvents(database(), table, 3 * last + 2);
}

function image(types: readonly TypeSamples[], n: number, at: number, old: boolean): Row {
  const values = samplesAt(types, at).map(([, value], c): [string, Value] => [`c${c}`, value]);
  const carried = values.filter((_, c) => !(old && neverBefore.has(types[c]?.type ?? '')));
  return Object.fromEntries<Value>([['Id', n], ...carried]);
}

describe.each(Object.entries(valueSamples))('of %s', (family, types) => {
  let events: readonly ChangeEvent[];
  beforeAll(async () => {
    events = await written(`Values_${family}`, types);
  });
  const of = (operation: string) => events.filter(({ metadata }) => metadata.operation === operation);
  const last = rowsOf(types) - 1;
  const rows = Array.from({ length: last + 1 }, (_, n) => n);

  test('the values of an insert are exact', () => {
    expect(of('insert').map(({ data }) => data)).toEqual(rows.map((n) => image(types, n, n, false)));
  });

  test('the values of an update are exact, before and after', () => {
    const [updates, changed] = [of('update'), rows.slice(0, last)];
    expect(updates.map(({ data }) => data)).toEqual(changed.map((n) => image(types, n, n + 1, false)));
    expect(updates.map(({ before }) => before)).toEqual(changed.map((n) => image(types, n, n, true)));
  });

  test('the values of a delete are exact', () => {
    const deleted = rows.map((n) => image(types, n, Math.min(n + 1, last), true));
    expect(of('delete').map(({ data }) => data)).toEqual(deleted);
  });
});

test('the examples in the README arrive as they say', async () => {
  const examples = typesOfReadme();
  const columns = examples.map(({ type }, c) => `c${c} ${type} NULL`);
  await database().pool.query(`CREATE TABLE dbo.Readme (Id int NOT NULL PRIMARY KEY, ${columns.join()})`);
  await database().enable('Readme');
  await database().transaction([
    `INSERT INTO dbo.Readme VALUES (1, ${examples.map(({ sql }) => sql).join()})`,
  ]);
  const [inserted] = await capturedEvents(database(), 'Readme', 1);
  const arrived = examples.map(({ type }, c) => [type, inserted?.data?.[`c${c}`]]);
  expect(arrived).toEqual(examples.map(({ type, value }) => [type, value]));
});

test('rowversion, identity and alias types arrive, a computed column does not', async () => {
  await database().pool.query('CREATE TYPE dbo.Phone FROM varchar(20) NOT NULL');
  await database().pool.query(
    `CREATE TABLE dbo.Made (Id int IDENTITY(7,3) NOT NULL PRIMARY KEY, Phone dbo.Phone, Twice AS (Id * 2), Version rowversion)`,
  );
  await database().enable('Made');
  await database().pool.query("INSERT INTO dbo.Made (Phone) VALUES ('+49 7')");
  const made = await database().pool.query<{ v: Buffer }>('SELECT Version AS v FROM dbo.Made');
  await database().transaction(["UPDATE dbo.Made SET Phone = '+49 8'"]);
  const now = await database().pool.query<{ v: Buffer }>('SELECT Version AS v FROM dbo.Made');
  const [first, second] = [made, now].map(({ recordset }) => recordset[0]?.v.toString('base64'));
  const [inserted, updated] = await capturedEvents(database(), 'Made', 2);
  expect(inserted?.data).toEqual({ Id: 7, Phone: '+49 7', Version: first });
  expect(updated).toMatchObject({
    data: { Id: 7, Phone: '+49 8', Version: second },
    before: { Id: 7, Phone: '+49 7', Version: first },
    metadata: { changed: ['Phone', 'Version'] },
  });
  expect(Object.keys(updated?.data ?? {})).toEqual(['Id', 'Phone', 'Version']);
});
