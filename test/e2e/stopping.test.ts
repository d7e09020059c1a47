import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
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

test('a second signal aborts at once', async ({ skip }) => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'] });
  const ingester = pipeline.run('ingester', config);
  const processor = pipeline.run('processor', config);
  pipeline.faults(skip).serviceBus.delaySettlements(60_000);
  await insertRows(pipeline.database, 'T', { from: 1, to: 1 });
  await pipeline.arrivedDistinct(1);

  processor.signal('SIGTERM');
  await processor.logged('received signal');
  expect(await probed(processor)).toEqual(['200 alive\n', '503 stopping\n']);
  processor.signal('SIGTERM');
  expect(await processor.ended).toBe(1);
  expect(await ingester.stop()).toBe(0);
});

/** What `/livez` and `/readyz` answer. */
async function probed(process: DStreamProcess): Promise<readonly string[]> {
  const { http } = JSON.parse(await process.logged('listening')) as { readonly http: string };
  const answers = ['/livez', '/readyz'].map(async (path) => {
    const response = await fetch(`${http}${path}`);
    return `${response.status} ${await response.text()}`;
  });
  return Promise.all(answers);
}

test('SIGTERM during an acquisition leaves no lease behind', async () => {
  await using pipeline = await Pipeline.onStandIns();
  const { standIns } = pipeline;
  await createCapturedTable(pipeline.database, 'T');
  standIns.blobs.inject({ kind: 'delay', ms: 1_500 }, { operation: 'get-properties', path: 'dbo.T.lock' });
  const ingester = pipeline.run('ingester', await pipeline.config({ tables: ['T'] }));
  await until(
    () => standIns.counters().blobs.byOperation['get-properties'],
    () => 'the lease is being acquired',
  );
  expect(await ingester.stop()).toBe(0);
  expect(standIns.blobs.expireLeases('dbo.T.lock')).toBe(0);
});
