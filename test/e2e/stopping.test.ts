import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

test('SIGTERM hands the tables to another replica within seconds, and nothing is repeated', async () => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'] });
  const first = pipeline.run('ingester', config);
  const processor = pipeline.run('processor', config);
  await insertRows(pipeline.database, 'T', { from: 1, to: 500 });
  await pipeline.arrivedDistinct(500);

  const second = pipeline.run('ingester', config);
  expect(await first.stop()).toBe(0);
  await insertRows(pipeline.database, 'T', { from: 501, to: 600 });
  await pipeline.arrivedDistinct(600, 10_000);

  expect(await second.stop()).toBe(0);
  expect(await processor.stop()).toBe(0);
  expect(pipeline.arrived.map(({ data }) => data?.['N'])).toEqual(
    Array.from({ length: 600 }, (_, n) => n + 1),
  );
});

test('a second signal gives up at once', async () => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  const ingester = pipeline.run('ingester', await pipeline.config({ tables: ['T'] }));
  await ingester.logged('owning the table');
  pipeline.standIns.serviceBus.delaySends(60_000);
  await insertRows(pipeline.database, 'T', { from: 1, to: 1 });
  await until(
    () => pipeline.standIns.serviceBus.counters().sends > 0,
    () => 'a send is under way',
  );
  ingester.signal('SIGTERM');
  await ingester.logged('signal received');
  ingester.signal('SIGTERM');
  expect(await ingester.ended).toBe(1);
});
