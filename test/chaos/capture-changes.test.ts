/** What a database administrator does to the capture of a table that is far behind, while processes are killed. */
import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';

const rows = 40;
const perRound = 2_000;

const between = [
  'ALTER TABLE dbo.T ADD Extra int NULL',
  `EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'T', @role_name = NULL, @capture_instance = N'second'`,
  'ALTER TABLE dbo.T ALTER COLUMN Note nvarchar(400) NULL',
  'ALTER TABLE dbo.T DROP COLUMN Gone',
];

test(
  'a backlog that changes shape four times comes whole and in order, read directly, dealt by key, through two kills',
  { timeout: 180_000 },
  async () => {
    await using pipeline = await Pipeline.start();
    await createCapturedTable(pipeline.database, 'T');
    await pipeline.database.query('ALTER TABLE dbo.T ADD Gone int NULL');
    await insertRows(pipeline.database, 'T', { from: 1, to: rows });
    const config = await pipeline.config({
      tables: ['T'],
      ingester: 'ordering = "key"\n  read {\n    mode     = "direct"\n    max_rows = 100\n  }',
    });
    const processor = pipeline.run('processor', config);
    const first = pipeline.run('ingester', config);
    await pipeline.arrivedDistinct(rows);
    await pipeline.killIngesters(first);
    let n = rows;
    for (const statement of between) {
      n = await update(pipeline, n, perRound);
      await pipeline.database.query(statement);
    }
    n = await update(pipeline, n, perRound);
    const two = [pipeline.run('ingester', config), pipeline.run('ingester', config)];
    await pipeline.arrivedDistinct(rows + perRound);
    await pipeline.killIngesters(...two);
    const last = pipeline.run('ingester', config);
    await pipeline.arrivedDistinct(n, 90_000);

    expect(byRow(pipeline)).toEqual(written(n));
    expect(contentsOfOneId(pipeline)).toEqual([]);
    const instances = new Set(pipeline.arrived.map(({ metadata }) => metadata.origin['captureInstance']));
    expect(instances).toEqual(new Set(['dbo_T', 'second']));
    expect(await last.stop()).toBe(0);
    expect(await processor.stop()).toBe(0);
  },
);

const idOf = (n: number) => ((n - 1) % rows) + 1;

async function update({ database }: Pipeline, done: number, count: number): Promise<number> {
  for (let from = done + 1; from <= done + count; from += 50) {
    const numbers = Array.from({ length: 50 }, (_, i) => from + i);
    const statements = numbers.map((n) => `UPDATE dbo.T SET N = ${n} WHERE Id = ${idOf(n)}`).join(';\n');
    await database.query(from % 100 === 1 ? `BEGIN TRAN;\n${statements};\nCOMMIT` : statements);
  }
  return done + count;
}

/** What was set in each row, in the order of first arrival. */
function byRow({ arrived }: Pipeline): ReadonlyMap<unknown, readonly unknown[]> {
  const seen = new Set<string>();
  const first = arrived.filter(({ metadata: { id } }) => !seen.has(id) && seen.add(id));
  const rowsOf = Map.groupBy(first, ({ metadata }) => metadata.key?.['Id']);
  return new Map(Array.from(rowsOf, ([id, events]) => [id, events.map(({ data }) => data?.['N'])]));
}

function written(n: number): ReadonlyMap<unknown, readonly number[]> {
  const numbers = Array.from({ length: n }, (_, i) => i + 1);
  return new Map(Map.groupBy(numbers, idOf));
}

/** Ids under which two different changes came. */
function contentsOfOneId({ arrived }: Pipeline): readonly string[] {
  const byId = Map.groupBy(arrived, ({ metadata }) => metadata.id);
  const contents = (events: Pipeline['arrived']) =>
    new Set(events.map(({ data, metadata }) => JSON.stringify([metadata.operation, data])));
  return Array.from(byId, ([id, events]) => (contents(events).size > 1 ? [id] : [])).flat();
}
