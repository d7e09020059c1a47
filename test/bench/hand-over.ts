/**
 * 300 tables and 2 ingesters over a blob storage that takes 50 ms a request: how long until every table is owned, and
 * until the one that stays owns those of the one that stops.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StandInsEnv } from '@dstream/stand-ins';
import { createCapturedTable, openDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { configText } from './config-file.ts';
import { DStreamProgram } from './dstream-program.ts';
import { figure, type Figure } from './figure.ts';
import { StandInsProcess } from './stand-ins-process.ts';

const tables = Array.from({ length: 300 }, (_, n) => `T${n + 1}`);
const blobDelayMs = 50;
const lookMs = 100;
const withinMs = 180_000;

export async function handOver(): Promise<readonly Figure[]> {
  // Two processes, so that what reading costs SQL Server slows no lease down.
  await using standIns = await StandInsProcess.start();
  await using blobs = await StandInsProcess.start({ blobDelayMs });
  const { DSTREAM_BLOB_CONNECTION_STRING } = blobs.env;
  const env = { ...standIns.env, DSTREAM_BLOB_CONNECTION_STRING };
  const pool = await openDatabase(standIns.env.DSTREAM_DB_CONNECTION_STRING);
  for (const table of tables) await createCapturedTable(pool, table);
  await pool.close();
  const first = await startTogether(blobs, env, 'new tables');
  const again = await startTogether(blobs, env, 'known tables');
  return [...first, ...again];
}

/** Both start at once; when every table is owned and shared, one is stopped. */
async function startTogether(
  blobs: StandInsProcess,
  env: StandInsEnv,
  what: string,
): Promise<readonly Figure[]> {
  await using leaving = new AsyncDisposableStack();
  const before = await blobs.progress();
  const start = timer();
  const [stays, stops] = await Promise.all([startIngester(env), startIngester(env)]);
  await using _stays = stays;
  leaving.use(stops);
  await wait('all are owned', async () => (await owned(stays)) + (await owned(stops)) === tables.length);
  const ownedMs = start();
  await wait('evenly shared', async () => (await owned(stays)) === tables.length / 2);
  const sharedMs = start();
  const between = await blobs.progress();
  const stop = timer();
  const ended = leaving.disposeAsync().then(stop);
  await wait('all taken over', async () => (await owned(stays)) === tables.length);
  const takenMs = stop();
  const endedMs = await ended;
  const after = await blobs.progress();
  const name = `hand-over, ${tables.length} ${what}, ${blobDelayMs} ms a blob request`;
  return [
    figure(`${name}, start to all owned`, ownedMs / 1_000, 's'),
    figure(`${name}, start to evenly shared`, sharedMs / 1_000, 's'),
    figure(`${name}, requests until shared`, between.blobRequests - before.blobRequests, ''),
    figure(`${name}, stop to all taken over`, takenMs / 1_000, 's'),
    figure(`${name}, stop to end of process`, endedMs / 1_000, 's'),
    figure(`${name}, requests of the hand-over`, after.blobRequests - between.blobRequests, ''),
  ];
}

function startIngester(env: StandInsEnv): Promise<DStreamProgram> {
  const config = configText({ name: 'hand-over', tables, topic: 'ingest-topic', pollInterval: '5s' });
  return DStreamProgram.start({ command: 'ingester', config, env: { ...env } });
}

interface Status {
  readonly ingester: { readonly instance: string; readonly tables: readonly { owner: string | null }[] };
}

/** How many tables the program says it owns itself. */
async function owned(program: DStreamProgram): Promise<number> {
  const { ingester } = await program.status<Status>();
  return ingester.tables.filter(({ owner }) => owner === ingester.instance).length;
}

/** Gives the milliseconds since it was made. */
function timer(): () => number {
  const startMs = performance.now();
  return () => performance.now() - startMs;
}

/** Asks no oftener than every 100 ms: an answer names all tables. */
function wait(what: string, done: () => Promise<boolean>): Promise<true> {
  const look = async () => {
    await sleep(lookMs);
    return done();
  };
  return until(look, () => what, withinMs);
}
