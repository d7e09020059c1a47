/**
 * One transaction that is far larger than anything the ingester may hold, read by a real process that is killed three
 * times. `DSTREAM_TEST_TRANSACTION_ROWS` says how large: a million when the promise itself is to be seen.
 */
import { BlobServiceClient } from '@azure/storage-blob';
import type sql from 'mssql';
import { expect, test } from 'vitest';
import { residentMiB, peakResidentMiB } from '../bench/process-usage.ts';
import { ArrivedRanges, withoutSessions } from '../support/arrived-ranges.ts';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { transactionRows } from '../support/endpoints.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

const rows = transactionRows();
const allowedMiB = 150;
const patienceMs = 60_000 + rows / 5;

test.each([
  { mode: 'functions', kills: [0.3, 0.5, 0.7] },
  { mode: 'direct', kills: [0.5] },
])(
  `a transaction of ${rows} rows, read in the mode $mode and killed at $kills of it, goes on where it was saved; memory is bounded, other tables flow`,
  { timeout: 5 * patienceMs },
  async ({ mode, kills }) => {
    await using pipeline = await Pipeline.onStandIns({ entities: withoutSessions });
    await createCapturedTable(pipeline.database, 'Large');
    await createCapturedTable(pipeline.database, 'Small');
    await using arrived = new ArrivedRanges(pipeline.env.DSTREAM_INGEST_CONNECTION_STRING);
    const text = pipeline.configText({ tables: ['Large', 'Small'] });
    const config = await pipeline.file(
      'large.hcl',
      text.replace('  lease {', `  read { mode = "${mode}" }\n  lease {`),
    );
    let ingester = pipeline.run('ingester', config);
    await ingester.logged('acquired table');
    await insertRows(pipeline.database, 'Small', { from: 1, to: 1 });
    await until(
      () => arrived.of('Small').length > 0,
      () => 'the first change has arrived',
    );
    const idleMiB = residentMiB(ingester.pid);

    await insertLargely(pipeline.database, rows);
    await until(
      () => arrived.upTo('Large') > 0,
      () => 'the transaction has begun to arrive',
      patienceMs,
    );
    await insertRows(pipeline.database, 'Small', { from: 2, to: 2 });
    await until(
      () => arrived.of('Small').length > 1,
      () => 'the other table flows',
      patienceMs,
    );
    expect(arrived.upTo('Large'), 'the other table did not wait for the end of the transaction').toBeLessThan(
      rows,
    );

    const saved: number[] = [];
    for (const share of kills) {
      await until(
        () => arrived.upTo('Large') > share * rows,
        () => `a share of ${share} has arrived`,
        patienceMs,
      );
      expect(peakResidentMiB(ingester.pid) - idleMiB).toBeLessThan(allowedMiB);
      saved.push(await killed(ingester, pipeline));
      ingester = pipeline.run('ingester', config);
    }
    await until(
      () => arrived.upTo('Large') === rows,
      () => 'the transaction has arrived',
      patienceMs,
    );
    expect(peakResidentMiB(ingester.pid) - idleMiB).toBeLessThan(allowedMiB);
    expect(await ingester.stop()).toBe(0);

    expectWhole(arrived, saved);
    expect(arrived.errors).toEqual([]);
  },
);

/** Everything arrived, each owner's part in order, each beginning right behind what was saved. */
function expectWhole(arrived: ArrivedRanges, saved: readonly number[]): void {
  const owners = [...Map.groupBy(arrived.of('Large'), ({ epoch }) => epoch).values()];
  const begun = owners.map(([range]) => range?.first);
  expect(begun).toEqual([1, ...saved.map((ordinal) => ordinal + 1)]);
  expect(
    saved.every((ordinal) => ordinal > 0),
    'each went on inside the transaction',
  ).toBe(true);
  for (const ranges of owners)
    for (const [i, { first }] of ranges.slice(1).entries()) expect(first).toBe((ranges[i]?.last ?? 0) + 1);
  for (const [i, ranges] of owners.slice(1).entries())
    expect(ranges[0]?.first, 'no gap between owners').toBeLessThanOrEqual((owners[i]?.at(-1)?.last ?? 0) + 1);
}

/** Kills it, ends its leases, and says up to which change of the transaction a checkpoint is saved. */
async function killed(ingester: DStreamProcess, pipeline: Pipeline): Promise<number> {
  await pipeline.killIngesters(ingester);
  const container = BlobServiceClient.fromConnectionString(
    pipeline.env.DSTREAM_BLOB_CONNECTION_STRING,
  ).getContainerClient('locks');
  const content = await container.getBlobClient('e2e/shop/dbo.Large.lock').downloadToBuffer();
  const { position } = JSON.parse(content.toString()) as { position: string };
  return position.endsWith('~') ? 0 : Number(position.split(':')[1]);
}

/** One statement, so one transaction. */
async function insertLargely(pool: sql.ConnectionPool, count: number): Promise<void> {
  const digits = (name: string) => `(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS ${name}(n)`;
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const number = names.map((name, i) => `${10 ** i} * ${name}.n`).join(' + ');
  const request = pool.request() as sql.Request & { timeout?: number };
  request.timeout = 300_000;
  await request.query(
    `INSERT INTO dbo.Large (N, Note) SELECT TOP (${count}) ${number}, REPLICATE(N'x', 200) FROM ` +
      names.map(digits).join(' CROSS JOIN '),
  );
}
