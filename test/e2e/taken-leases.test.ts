/** Two replicas with one name, and a table whose lease another program holds for ever, as real processes see them. */
import { BlobServiceClient } from '@azure/storage-blob';
import { expect, test } from 'vitest';
import { createCapturedTable } from '../support/database.ts';
import { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

interface Report {
  readonly announcement: string;
  readonly tables: readonly {
    readonly table: string;
    readonly announcement: string | null;
    readonly fault: { readonly code: string; readonly message: string } | null;
  }[];
}

async function reportOf(process: DStreamProcess): Promise<Report> {
  const { http } = JSON.parse(await process.logged('listening')) as { http: string };
  const { ingester } = (await (await fetch(`${http}/status`)).json()) as { ingester: Report };
  return ingester;
}

async function owned(process: DStreamProcess): Promise<number> {
  const { announcement, tables } = await reportOf(process);
  return tables.filter((table) => table.announcement === announcement).length;
}

async function holdForEver(pipeline: Pipeline, table: string): Promise<void> {
  const service = BlobServiceClient.fromConnectionString(pipeline.env.DSTREAM_BLOB_CONNECTION_STRING);
  const container = service.getContainerClient(pipeline.places.container);
  await container.createIfNotExists();
  const blob = container.getBlockBlobClient(`e2e/${pipeline.places.databaseName}/dbo.${table}.lock`);
  await blob.upload('', 0);
  await blob.getBlobLeaseClient().acquireLease(-1);
}

test('replicas of one name share the tables and warn; an endless lease is a fault of its table', async () => {
  await using pipeline = await Pipeline.onStandIns();
  for (const table of ['A', 'B', 'C', 'D', 'Held']) await createCapturedTable(pipeline.database, table);
  await holdForEver(pipeline, 'Held');
  const config = await pipeline.config({ tables: ['A', 'B', 'C', 'D', 'Held'] });
  const args = ['ingester', '--config', config, '--instance', 'same', '--log-format', 'json'];
  await using first = new DStreamProcess(args, pipeline.env);
  await using second = new DStreamProcess(args, pipeline.env);
  await until(
    async () => {
      const [one, two] = [await owned(first), await owned(second)];
      return one > 0 && two > 0 && one + two === 4;
    },
    () => 'both own tables, and together all but one',
    30_000,
  );
  for (const process of [first, second]) {
    await process.logged('LeaseHeldElsewhere', 20_000);
    await process.logged('another replica has the same name', 40_000);
  }
  const { tables } = await reportOf(first);
  expect(tables.find(({ table }) => table === 'dbo.Held')?.fault).toEqual({
    code: 'LeaseHeldElsewhere',
    message: expect.stringMatching(
      /^the lease of dbo\.Held is held by something else for \d+ s: it is an infinite lease/,
    ),
  });
  expect(await first.stop()).toBe(0);
  expect(await second.stop()).toBe(0);
}, 120_000);
