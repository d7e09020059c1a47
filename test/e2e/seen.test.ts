import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

interface Status {
  readonly ingester: { readonly instance: string; readonly tables: readonly Record<string, unknown>[] };
}

test('a process shows its tables with owner, epoch, position, lag and fault, and counts what it does, without a secret', async () => {
  await using pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'Good');
  const server = pipeline.run('server', await pipeline.config({ tables: ['Good', 'Missing'] }));
  await insertRows(pipeline.database, 'Good', { from: 1, to: 10 });
  await pipeline.arrivedDistinct(10);
  const { http } = JSON.parse(await server.logged('listening')) as { http: string };
  const read = async (path: string) => (await fetch(`${http}${path}`)).text();

  const status = await until(
    async () => {
      const seen = JSON.parse(await read('/status')) as Status;
      return seen.ingester.tables.some(({ fault }) => fault !== null) && seen;
    },
    () => 'the missing table has its fault',
  );
  expect(status.ingester.tables).toMatchObject([
    {
      table: 'dbo.Good',
      owner: 'server-1',
      epoch: 1,
      position: expect.any(String),
      changes: 10,
      fault: null,
    },
    { table: 'dbo.Missing', owner: 'server-1', epoch: 1, fault: { code: 'TableNotFound' } },
  ]);
  const metrics = await read('/metrics');
  expect(metrics).toContain('dstream_changes_sent_total{table="dbo.Good"} 10');
  expect(metrics).toContain('dstream_changes_delivered_total{output="console"} 10');
  expect(metrics).toContain('dstream_table_fault{table="dbo.Missing",code="TableNotFound"} 1');
  expect(await read('/readyz')).toBe('ready\n');
  for (const secret of Object.values(pipeline.env).flatMap(secretsIn)) {
    expect(JSON.stringify(status) + metrics + server.logs.join('\n')).not.toContain(secret);
  }
  expect(await server.stop()).toBe(0);
});

function secretsIn(connectionString: string): readonly string[] {
  return [...connectionString.matchAll(/(?:Password|SharedAccessKey|AccountKey)=([^;]+)/g)].map(
    ([, key]) => key ?? '',
  );
}
