/** Applying a table's changes in order to an empty table gives the table: with values of every type, byte for byte. */
import { decodeEnvelope, encodeEnvelope, type ChangeEvent } from '@dstream/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capturedEvents } from '../support/captured-events.ts';
import { realSqlServer } from '../support/endpoints.ts';
import { randomValues } from '../support/random-values.ts';
import { literalOf } from '../support/sql-literal.ts';
import { useValuesDatabase } from '../support/use-values-database.ts';

const database = useValuesDatabase();

const columns = Object.entries(randomValues).map(([type, values], c) => ({ name: `c${c}`, type, values }));

/** The values of a row as literals, NULL now and then. */
const row = fc.tuple(
  ...columns.map(({ values }) => fc.oneof({ weight: 9, arbitrary: values }, fc.constant('NULL'))),
);
const change = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'update', 'delete'),
  at: fc.nat(),
  row,
});

/** Statements that make sense one after another. */
function statements(
  table: string,
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
) {
  const present: number[] = [];
  return changes.flatMap(({ kind, at, row: literals }, id) => {
    if (kind === 'insert') {
      present.push(id);
      return [`INSERT INTO ${table} VALUES (${id}, ${literals.join()})`];
    }
    const [index] = present.length === 0 ? [] : [at % present.length];
    if (index === undefined) return [];
    const where = `WHERE Id = ${present[index] ?? -1}`;
    if (kind === 'update')
      return [
        `UPDATE ${table} SET ${columns.map(({ name }, c) => `${name} = ${literals[c] ?? 'NULL'}`).join()} ${where}`,
      ];
    present.splice(index, 1);
    return [`DELETE FROM ${table} ${where}`];
  });
}

/** As it comes out of a message. */
function delivered(event: ChangeEvent): ChangeEvent {
  const bytes = Buffer.from(encodeEnvelope(event, { generation: 1, epoch: 1 }));
  return decodeEnvelope(bytes.toString());
}

/** What a consumer does with a change that came over the topic. */
function applied(table: string, { data, metadata }: ChangeEvent): string {
  const id = data?.['Id'] as number;
  const literals = columns.map(({ name, type }) => literalOf(type, data?.[name] ?? null));
  if (metadata.operation === 'delete') return `DELETE FROM ${table} WHERE Id = ${id}`;
  if (metadata.operation === 'insert') return `INSERT INTO ${table} VALUES (${id}, ${literals.join()})`;
  return `UPDATE ${table} SET ${columns.map(({ name }, c) => `${name} = ${literals[c] ?? ''}`).join()} WHERE Id = ${id}`;
}

/** Every value as bytes, as the server itself keeps or converts it. */
function asBytes(type: string, name: string): string {
  switch (type) {
    case 'text':
      return `CONVERT(varbinary(max), CONVERT(varchar(max), ${name}))`;
    case 'ntext':
      return `CONVERT(varbinary(max), CONVERT(nvarchar(max), ${name}))`;
    case 'sql_variant':
      return `CONVERT(nvarchar(50), SQL_VARIANT_PROPERTY(${name}, 'BaseType')) + N' ' + CONVERT(nvarchar(max), CONVERT(varbinary(8000), ${name}), 2)`;
    default:
      return `CONVERT(varbinary(max), ${name})`;
  }
}

async function contents(table: string): Promise<unknown> {
  const list = columns.map(({ name, type }) => `${asBytes(type, name)} AS ${name}`);
  const { recordset } = await database().pool.query(`SELECT Id, ${list.join()} FROM ${table} ORDER BY Id`);
  return recordset.map((found) => ({ ...found }));
}

test('random rows of every type come out of their changes byte for byte', { timeout: 120_000 }, async () => {
  let run = 0;
  const declared = columns.map(({ name, type }) => `${name} ${type} NULL`);
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const [source, target] = [`Source${(run += 1)}`, `dbo.Target${run}`];
      for (const name of [`dbo.${source}`, target])
        await database().pool.query(`CREATE TABLE ${name} (Id int NOT NULL PRIMARY KEY, ${declared.join()})`);
      await database().enable(source);
      const written = statements(`dbo.${source}`, changes);
      await database().transaction(written);
      const mode = run % 2 === 0 ? 'direct' : 'functions';
      const events = await capturedEvents(database(), source, written.length, { mode });
      for (const event of events) await database().pool.query(applied(target, delivered(event)));
      expect(await contents(target)).toEqual(await contents(`dbo.${source}`));
    }),
    { numRuns: realSqlServer() === undefined ? 40 : 5 }, // its capture job looks every five seconds
  );
});
