import { expect, test } from 'vitest';
import { Arrivals } from '../../apps/playground/src/arrivals.ts';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';

const tables = ['T1', 'T2', 'T3', 'T4', 'T5'];
const rowsPerTable = 2_000;

test(
  '10,000 changes over 5 tables survive the kill of an ingester and of a processor: all, in order, repeats known by id',
  { timeout: 150_000 },
  async () => {
    await using pipeline = await Pipeline.start();
    for (const table of tables) await createCapturedTable(pipeline.database, table);
    const config = await pipeline.config({ tables });
    const ingesters = [pipeline.run('ingester', config), pipeline.run('ingester', config)];
    const processors = [pipeline.run('processor', config), pipeline.run('processor', config)];

    const half = rowsPerTable / 2;
    await Promise.all(
      tables.map((t) => insertRows(pipeline.database, t, { from: 1, to: half, perTransaction: 20 })),
    );
    // Both own tables, and the processor that dies is one that was delivering.
    await Promise.all(ingesters.map((ingester) => ingester.logged('acquired table')));
    await pipeline.arrivedDistinct(1_000);
    const [busy, other] = processors.toSorted((a, b) => b.seen - a.seen);
    ingesters[0]?.signal('SIGKILL');
    busy?.signal('SIGKILL');
    await Promise.all(
      tables.map((t) =>
        insertRows(pipeline.database, t, { from: half + 1, to: rowsPerTable, perTransaction: 20 }),
      ),
    );
    await pipeline.arrivedDistinct(tables.length * rowsPerTable, 90_000);

    expect(pipeline.torn.length, 'only the killed processor may leave a cut line').toBeLessThanOrEqual(1);
    const arrivals = new Arrivals();
    for (const event of pipeline.arrived) arrivals.add(event, 0);
    expect(arrivals.counts).toMatchObject({ delivered: tables.length * rowsPerTable, outOfOrder: 0 });
    for (const table of tables) expect(numbersOf(pipeline, table)).toEqual(numbers(rowsPerTable));
    const takenOver = new Set(
      pipeline.arrived.filter((e) => e.metadata.epoch > 1).map((e) => e.metadata.table),
    );
    expect(takenOver.size, 'what the killed ingester owned went on under a new epoch').toBeGreaterThan(0);
    expect(idsWithSeveralContents(pipeline)).toEqual([]);
    expect(await ingesters[1]?.stop()).toBe(0);
    expect(await other?.stop()).toBe(0);
  },
);

/** The rows of a table in the order of their first arrival. */
function numbersOf(pipeline: Pipeline, table: string): readonly unknown[] {
  const seen = new Map<string, unknown>();
  for (const { metadata, data } of pipeline.arrived) {
    if (metadata.table === table && !seen.has(metadata.id)) seen.set(metadata.id, data?.['N']);
  }
  return [...seen.values()];
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n + 1);
}

/** A repeat has the id of the same change, never of another one. */
function idsWithSeveralContents(pipeline: Pipeline): readonly string[] {
  const contents = new Map<string, Set<string>>();
  for (const { metadata, data } of pipeline.arrived) {
    const of = contents.get(metadata.id) ?? new Set();
    contents.set(metadata.id, of.add(`${metadata.table} ${JSON.stringify(data)}`));
  }
  return [...contents].filter(([, of]) => of.size > 1).map(([id]) => id);
}
