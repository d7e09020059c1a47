/** What `deploy/compose.yaml` runs, against the stand-ins: its database, its shop, its configuration of `dstream`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HubReader } from '../support/event-hubs-destination.ts';
import { Pipeline } from '../support/pipeline.ts';

const folder = fileURLToPath(new URL('../../deploy/compose/', import.meta.url));

/** As sqlcmd sends it. */
const batchesOf = (file: string) => readFileSync(join(folder, file), 'utf8').split(/^GO$/m);

test('what the shop sells comes to the console and to the event hub', async ({ skip }) => {
  await using stack = new AsyncDisposableStack();
  const pipeline = stack.use(await Pipeline.start());
  const { env } = pipeline.faults(skip);
  const hub = {
    connectionString: env.DSTREAM_EVENT_HUBS_CONNECTION_STRING,
    hub: 'changes',
    consumerGroup: '$Default',
  };
  const reader = stack.use(new HubReader(hub, () => true));
  // A second `docker compose up` runs it again.
  for (const batch of [...batchesOf('shop.sql'), ...batchesOf('shop.sql')])
    await pipeline.database.query(batch);
  const variables = {
    DSTREAM_SERVICE_BUS_CONNECTION_STRING: env.DSTREAM_INGEST_CONNECTION_STRING,
    DSTREAM_HTTP: '127.0.0.1:0',
    DSTREAM_HTTP_TOKEN: 'open-sesame-to-status',
  };
  const file = join(folder, 'dstream.hcl');
  const ingester = pipeline.run('ingester', file, variables);
  const processor = pipeline.run('processor', file, variables);

  await pipeline.database.query(tenSales());
  const each = { customers: 10, orders: 10, payments: 10, cancelled: 1 };
  const changes = Object.values(each).reduce((sum, count) => sum + count);
  await pipeline.arrivedDistinct(changes);
  expect(await reader.reached(changes)).toBe(changes);
  const last = pipeline.arrived.filter(({ metadata }) => metadata.table === 'Orders').at(-1);
  expect(last).toMatchObject({ data: { Id: '10', Status: 'paid' }, metadata: { operation: 'delete' } });
  expect(await Promise.all([ingester.stop(), processor.stop()])).toEqual([0, 0]);
});

function tenSales(): string {
  const [sales = ''] = batchesOf('sales.sql');
  const ten = sales.replace('WHILE 1 = 1', 'WHILE @sale < 10').replace(/WAITFOR DELAY .*;/, '');
  expect(ten).not.toMatch(/1 = 1|WAITFOR/);
  return ten;
}
