import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';

const rows = 100;
const changes = 10_000;

test(
  'ordered by key, the changes of every row arrive in order and none is lost, whatever is killed',
  { timeout: 150_000 },
  async () => {
    await using pipeline = await Pipeline.start();
    await createCapturedTable(pipeline.database, 'T');
    await insertRows(pipeline.database, 'T', { from: 1, to: rows });
    const config = await pipeline.config({ tables: ['T'], ingester: 'ordering = "key"' });
    const ingester = pipeline.run('ingester', config);
    const processors = [pipeline.run('processor', config), pipeline.run('processor', config)];
    await ingester.logged('acquired table');
    await update(pipeline, rows + 1, changes / 2);
    await pipeline.arrivedDistinct(changes / 4);
    const [busy, other] = processors.toSorted((a, b) => b.seen - a.seen);
    busy?.signal('SIGKILL');
    await pipeline.killIngesters(ingester);
    const next = pipeline.run('ingester', config);
    await update(pipeline, changes / 2 + 1, changes);
    await pipeline.arrivedDistinct(changes, 90_000);

    expect(
      processors.every(({ seen }) => seen > 0),
      'one table kept both processors busy',
    ).toBe(true);
    expect(numbersByRow(pipeline)).toEqual(expected());
    expect(await next.stop()).toBe(0);
    expect(await other?.stop()).toBe(0);
  },
);

test(
  'another ordering or number of sessions begins a generation, says so, and loses nothing',
  { timeout: 90_000 },
  async () => {
    await using pipeline = await Pipeline.start();
    await createCapturedTable(pipeline.database, 'T');
    const layouts = ['', 'ordering = "key"', 'ordering = "key"\n  key_sessions = 3', ''];
    const processor = pipeline.run('processor', await pipeline.config({ tables: ['T'] }));
    for (const [n, layout] of layouts.entries()) {
      const config = await pipeline.config({ tables: ['T'], ingester: layout });
      const ingester = pipeline.run('ingester', config);
      await insertRows(pipeline.database, 'T', { from: 100 * n + 1, to: 100 * (n + 1) });
      await pipeline.arrivedDistinct(100 * (n + 1));
      if (n > 0) await ingester.logged('ordering changed');
      expect(await ingester.stop()).toBe(0);
    }
    const numbers = pipeline.arrived.map(({ data }) => Number(data?.['N']));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
    const generations = Map.groupBy(pipeline.arrived, ({ metadata }) => metadata.generation);
    expect(Array.from(generations.values(), (events) => events.length)).toEqual([100, 100, 100, 100]);
    expect(await processor.stop()).toBe(0);
  },
);

/** One change a number: number `n` is set in row `n % rows`. */
async function update({ database }: Pipeline, from: number, to: number): Promise<void> {
  for (let first = from; first <= to; first += 50) {
    const numbers = Array.from({ length: Math.min(50, to - first + 1) }, (_, n) => first + n);
    await database.query(numbers.map((n) => `UPDATE dbo.T SET N = ${n} WHERE Id = ${idOf(n)}`).join(';\n'));
  }
}

const idOf = (n: number) => ((n - 1) % rows) + 1;

/** What was set in each row, in the order of first arrival. */
function numbersByRow({ arrived }: Pipeline): ReadonlyMap<unknown, readonly unknown[]> {
  const seen = new Set<string>();
  const first = arrived.filter(({ metadata: { id } }) => !seen.has(id) && seen.add(id));
  const byRow = Map.groupBy(first, ({ metadata }) => metadata.key?.['Id']);
  return new Map(Array.from(byRow, ([id, events]) => [id, events.map(({ data }) => data?.['N'])]));
}

function expected(): ReadonlyMap<unknown, readonly number[]> {
  const numbers = Array.from({ length: changes }, (_, n) => n + 1);
  return new Map(Map.groupBy(numbers, idOf));
}
