/** SQL Server's changes in a file with no broker anywhere: both engines in one process, over the direct queue. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchError,
  decodeEnvelope,
  DStreamError,
  partitionName,
  type ChangeEvent,
  type InstanceId,
  type Publisher,
  type StampedEvent,
} from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
import { ManualClock } from '@dstream/memory/manual-clock';
import { systemClock } from '@dstream/async';
import { beforeEach, expect, test } from 'vitest';
import { DirectPipeline } from '../support/direct-pipeline.ts';
import { openDisk, openFile } from '../support/file-destination.ts';
import { until } from '../support/until.ts';
import { useSqlServer } from '../support/use-sql-server.ts';
import { WrittenChanges } from '../support/written-changes.ts';

const tables = ['Cars', 'Orders', 'Persons'];
const leaseDurationMs = 15_000;

const rig = useSqlServer();

let written: WrittenChanges;
/** By its clock, which stands still, a lease ends when the test says so. */
let store: ManualClock;
let leases: InMemoryLeases;
let path: string;
let disk: ReturnType<typeof openDisk>;
/** What each checkpoint says is delivered, and what the file had of that when its saving began. */
let saves: { table: string; position: string; lines: number }[];

beforeEach(async () => {
  for (const table of tables) await rig.database.capture(table);
  written = new WrittenChanges(rig.database, tables);
  store = new ManualClock();
  leases = new InMemoryLeases({ instance: 'store' as InstanceId, durationMs: leaseDurationMs, clock: store });
  const directory = await mkdtemp(join(tmpdir(), 'dstream-direct-'));
  rig.use({ [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) });
  path = join(directory, 'changes.jsonl');
  await writeFile(path, '');
  disk = openDisk();
  saves = [];
});

/** What the file has, read at once: between a line of code and the next nothing is written. */
function delivered(): StampedEvent[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1).map(decodeEnvelope);
}

function textOf({ data, metadata: { operation } }: StampedEvent): string {
  return `${operation} ${data?.['Id'] as number} ${data?.['Name'] as string}`;
}

const deliveredOf = (table: string) => delivered().filter(({ metadata }) => metadata.table === table);

/** The first of every change: what is left to somebody who drops repeats. */
function distinct(events: readonly StampedEvent[]): StampedEvent[] {
  const seen = new Set<string>();
  return events.filter(({ metadata: { id } }) => !seen.has(id) && seen.add(id));
}

const linesUpTo = (table: string, position: string) =>
  distinct(deliveredOf(table)).filter(({ metadata }) => metadata.position <= position).length;

/** Resolves when the file has all that was written. */
async function caughtUp(): Promise<void> {
  const missing = () =>
    tables.filter((table) => distinct(deliveredOf(table)).length < written.of(table).length);
  await until(
    () => missing().length === 0,
    () => `the file has all changes of ${missing().join(', ')}`,
  );
}

/** One life. @param through what the pipeline publishes to, over the file */
function start(through: (file: Publisher) => Publisher = (file) => file) {
  const source = rig.open(tables);
  const file = rig.use(openFile(path, { files: disk.files }));
  const replica = leases.replica('direct' as InstanceId, systemClock);
  const save = replica.save.bind(replica);
  replica.save = (checkpoint, under, o) => {
    const [table, { position }] = [partitionName(under.partition).replace('dbo.', ''), checkpoint.at];
    saves.push({ table, position, lines: linesUpTo(table, position) });
    return save(checkpoint, under, o);
  };
  const parts = { source, publisher: through(file), leases: replica, leaseDurationMs };
  const pipeline = rig.use(new DirectPipeline(parts));
  return {
    pipeline,
    stop: async () => {
      await pipeline.stop();
      await file[Symbol.asyncDispose]();
      expect(await heldLeases()).toEqual([]);
    },
    /** Everything that it had in memory is gone, and its leases have run out. */
    kill: async () => {
      await pipeline.kill();
      await file[Symbol.asyncDispose]();
      await store.advance(leaseDurationMs);
    },
  };
}

/** No checkpoint was saved before the file had every change that it stands for. */
function expectNoSaveAhead(): void {
  expect(saves.length).toBeGreaterThan(0);
  for (const { table, position, lines } of saves) {
    expect({ table, position, lines }).toEqual({ table, position, lines: linesUpTo(table, position) });
  }
}

test('all changes of all tables reach the file in order, none twice, also over a clean stop', async () => {
  await written.many('Cars', 2_000);
  for (let life = 0; life < 2; life += 1) {
    const { stop } = start();
    for (let step = 0; step < 10; step += 1) await written.step();
    await caughtUp();
    await stop();
    await written.step();
  }
  const { stop } = start();
  await caughtUp();
  await stop();
  for (const table of tables) expect(deliveredOf(table).map(textOf)).toEqual(written.of(table));
  expectNoSaveAhead();
});

test('while the file cannot be written no checkpoint moves, and everything comes when it can', async () => {
  const { pipeline, stop } = start();
  await written.step();
  await caughtUp();
  disk.fill(Infinity);
  await written.many('Cars', 1_000);
  await written.step();
  const before = saves.length;
  await failed(pipeline);
  disk.fill(0);
  await caughtUp();
  await stop();
  expect(saves.length).toBeGreaterThan(before);
  for (const table of tables) expect(deliveredOf(table).map(textOf)).toEqual(written.of(table));
  expectNoSaveAhead();
});

test('a process that is killed while it delivers loses nothing: the next one goes on from the checkpoint', async () => {
  const { pipeline, kill } = start((file) => after(file, 500, () => disk.fill(Infinity)));
  await written.step();
  await caughtUp();
  await written.many('Cars', 3_000);
  await written.step();
  await failed(pipeline);
  await kill();
  expect(deliveredOf('Cars').length).toBeLessThan(3_000);
  disk.fill(0);
  start();
  await caughtUp();
  for (const table of tables) expect(distinct(deliveredOf(table)).map(textOf)).toEqual(written.of(table));
  expectNoSaveAhead();
});

test('a stop while the file cannot be written is clean, and loses nothing', async () => {
  const { pipeline, stop } = start();
  await written.step();
  await caughtUp();
  disk.fill(Infinity);
  await written.step();
  await failed(pipeline);
  await stop();
  disk.fill(0);
  start();
  await caughtUp();
  for (const table of tables) expect(deliveredOf(table).map(textOf)).toEqual(written.of(table));
  expectNoSaveAhead();
});

test('a change that the output refuses stops its table, with its key and the reason, and no other', async () => {
  let refuses = true;
  const { pipeline, stop } = start((file) => refusing(file, ({ data }) => refuses && data?.['Id'] === 1_500));
  await written.many('Cars', 2_000);
  const fault = await until(
    () => pipeline.ingester.report().tables.find(({ table }) => table === 'dbo.Cars')?.fault ?? undefined,
    () => 'the table has a fault',
  );
  expect(fault).toMatchObject({ code: 'ChangeRefused', message: expect.stringContaining('{"Id":1500}') });
  expect(fault.message).toContain('out of range');
  await written.step();
  await until(
    () => deliveredOf('Persons').length === 4,
    () => 'another table goes on',
  );
  expectNoSaveAhead();
  refuses = false;
  await caughtUp();
  await stop();
  expect(new Set(deliveredOf('Cars').map(textOf))).toEqual(new Set(written.of('Cars')));
});

/** Resolves when the output fails. */
async function failed(pipeline: DirectPipeline): Promise<void> {
  await until(
    () => pipeline.processor.report().outputs.every(({ state }) => state === 'failing'),
    () => 'the output fails',
  );
}

async function heldLeases(): Promise<readonly string[]> {
  const { held } = await leases.list({ signal: new AbortController().signal });
  return [...held.keys()];
}

/** Acts once so many changes are published. */
function after(file: Publisher, changes: number, act: () => void): Publisher {
  let published = 0;
  return {
    connect: (o) => file.connect(o),
    publish: async (events, o) => {
      await file.publish(events, o);
      published += events.length;
      if (published >= changes) act();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Refuses for good what `is` says; the lines before it are written. */
function refusing(file: Publisher, is: (event: ChangeEvent) => boolean): Publisher {
  return {
    connect: (o) => file.connect(o),
    publish: async (events, o) => {
      const from = events.findIndex(({ event }) => is(event));
      if (from < 0) return file.publish(events, o);
      await file.publish(events.slice(0, from), o);
      const [key, error] = [events[from]?.orderingKey ?? '', new DStreamError('Rejected', 'out of range')];
      throw new BatchError([{ key, from, error }]);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
