/** A real ingester and a real processor on stand-ins, one captured table, and what runs in both when a row is updated. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCapturedTable, insertRows } from '../../test/support/database.ts';
import { Pipeline } from '../../test/support/pipeline.ts';
import { until } from '../../test/support/until.ts';
import { executed, type Functions } from './coverage.ts';
import type { Periods } from './change-path.ts';

const preload = new URL('report-coverage.ts', import.meta.url).href;

const services = ['ingester', 'processor'] as const;
type Service = (typeof services)[number];
export type Update = Readonly<Record<Service, Periods>>;

const updates = 6;
/** Longer than the time between two renewals of a lease of 15 s. */
const quietMs = 6_000;
/** Longer than a checkpoint (1 s) and the state of a session (1 s) may lag behind. */
const settlingMs = 2_000;

/** Updates one row again and again, each time after a quiet period. Takes a minute. */
export async function followUpdates(root: string): Promise<readonly Update[]> {
  await using pipeline = await Pipeline.onStandIns();
  await createCapturedTable(pipeline.database, 'Persons');
  const output = await pipeline.file('persons.jsonl', '');
  const ran = await startServices(pipeline, output, root);
  // The first change of a table opens what later ones find open.
  await insertRows(pipeline.database, 'Persons', { from: 1, to: 1 });
  await arrived(output, 1);
  await sleep(settlingMs);
  await ran();
  const followed: Update[] = [];
  for (let update = 1; update <= updates; update += 1) {
    await sleep(quietMs);
    const quiet = await ran();
    await pipeline.database.query(`UPDATE dbo.Persons SET Note = N'update ${update}' WHERE Id = 1`);
    await arrived(output, 1 + update);
    const delivering = await ran();
    await sleep(settlingMs);
    const settling = await ran();
    const periodsOf = (service: Service): Periods => ({
      quiet: quiet[service],
      delivering: delivering[service],
      settling: settling[service],
    });
    followed.push({ ingester: periodsOf('ingester'), processor: periodsOf('processor') });
  }
  return followed;
}

/** @returns asks both for the functions that have run since it was called last */
async function startServices(pipeline: Pipeline, output: string, root: string) {
  const config = await pipeline.file('measure.hcl', configText(pipeline, output));
  const socketOf = (service: Service) => join(dirname(output), `${service}.socket`);
  for (const service of services) {
    const env = { NODE_OPTIONS: `--import=${preload}`, DSTREAM_MEASURE_SOCKET: socketOf(service) };
    await pipeline.run(service, config, env).logged(`${service} ready`);
  }
  return async (): Promise<Readonly<Record<Service, Functions>>> => ({
    ingester: await ranSince(socketOf('ingester'), root),
    processor: await ranSince(socketOf('processor'), root),
  });
}

function configText(pipeline: Pipeline, output: string): string {
  return pipeline
    .configText({ tables: ['Persons'], pollInterval: '200ms', maxPollInterval: '200ms' })
    .replace(/output \{[^}]*\}/, `output {\n    type = "file"\n    path = "${output}"\n  }`);
}

function arrived(output: string, count: number): Promise<boolean> {
  return until(
    async () => (await readFile(output, 'utf8')).split('\n').length > count,
    () => `${count} changes are in ${output}`,
  );
}

/** Asks `report-coverage.ts` in that process. */
async function ranSince(socket: string, root: string): Promise<Functions> {
  const scripts = JSON.parse(await text(connect(socket))) as Parameters<typeof executed>[0];
  return executed(scripts, root);
}
