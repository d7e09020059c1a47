import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

test(
  'a database that is restored under a running ingester is told of, and what it holds then arrives under new ids',
  { timeout: 120_000 },
  async () => {
    await using pipeline = await Pipeline.onStandIns();
    const { sql } = pipeline.standIns;
    await createCapturedTable(pipeline.database, 'T');
    const config = await pipeline.config({ tables: ['T'], ingester: 'on_gap = "skip"' });
    const [ingester, processor] = [pipeline.run('ingester', config), pipeline.run('processor', config)];
    await insertRows(pipeline.database, 'T', { from: 1, to: 3, perTransaction: 1 });
    await pipeline.arrivedDistinct(3);
    const point = sql.remember();
    await insertRows(pipeline.database, 'T', { from: 4, to: 6, perTransaction: 1 });
    await pipeline.arrivedDistinct(6);
    sql.restore(point);
    await again(() => insertRows(pipeline.database, 'T', { from: 11, to: 11 }));
    await insertRows(pipeline.database, 'T', { from: 12, to: 15, perTransaction: 1 });

    await pipeline.arrivedDistinct(6 + 1 + 3 + 5);
    const after = pipeline.arrived.slice(6);
    expect(after.map(({ data, metadata }) => data?.['N'] ?? metadata.gap?.reason)).toEqual([
      'SourceWentBack',
      1,
      2,
      3,
      11,
      12,
      13,
      14,
      15,
    ]);
    expect(new Set(pipeline.arrived.map(({ metadata }) => metadata.id)).size).toBe(pipeline.arrived.length);
    expect(await ingester.stop()).toBe(0);
    expect(await processor.stop()).toBe(0);
  },
);

/** The restore has cut the test's own connection, too. */
async function again(work: () => Promise<void>): Promise<void> {
  const tried = () =>
    work().then(
      () => true,
      () => false,
    );
  await until(tried, () => 'the database takes rows again');
}
