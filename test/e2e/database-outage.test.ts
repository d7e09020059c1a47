import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';

const tables = ['A', 'B', 'C', 'D', 'E'];

test('a database that is away for a while is one error line and one that it is back, for all tables', async ({
  skip,
}) => {
  await using pipeline = await Pipeline.start();
  const { sql } = pipeline.faults(skip);
  for (const name of tables) await createCapturedTable(pipeline.database, name);
  const server = pipeline.run('server', await pipeline.config({ tables }));
  for (const name of tables) await insertRows(pipeline.database, name, { from: 1, to: 10 });
  await pipeline.arrivedDistinct(50);

  const seen = server.logs.length;
  await sql.restart(4_000);
  await server.logged('reading tables recovered');
  const said = server.logs.slice(seen).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(said.filter(({ level }) => level === 'error')).toMatchObject([
    { msg: 'reading tables failed; retrying', reason: expect.stringContaining('127.0.0.1') },
  ]);
  expect(said.find(({ msg }) => msg === 'reading tables recovered')).toMatchObject({ tables: 5 });
  expect(await server.stop()).toBe(0);
});
