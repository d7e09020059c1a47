/** Debezium's connector beside a real `dstream` on one database: the same changes, order and values. */
import { readFile } from 'node:fs/promises';
import type { StampedEvent } from '@dstream/core';
import { sqlLogin } from '../stand-ins/all/src/stand-ins-env.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';
import { compareEnvelopes, envelopesIn, laterMs } from './compare-envelopes.ts';
import { compareEvents, readDebeziumEvent, UNAVAILABLE, type DebeziumEvent } from './compare-events.ts';
import { differences } from './differences.ts';
import type { ForeignClient, Report } from './foreign-client.ts';
import { java } from './languages.ts';
import { limited, runLines } from './program.ts';
import { sqlEnv } from './sql-client.ts';
import { comparedTables, type ComparedTable } from './workload.ts';

const MARKER = 'Marker';
const LAST = 'the last change';
const readyWithinMs = 60_000;
const mark = (note: string): string => `INSERT dbo.${MARKER} (Note) VALUES ('${note}')`;

interface Seen {
  readonly events: DebeziumEvent[];
  readonly ended: Promise<void>;
}

export const debeziumClient: ForeignClient = {
  name: 'java/debezium',
  tools: java.tools,
  prepare: (signal) => java.prepare(signal),
  async run(report, signal) {
    for (const mode of ['function', 'direct']) await compareIn(mode, report, signal);
  },
};

/** @param mode of Debezium: `data.query.mode`. */
async function compareIn(mode: string, report: Report, signal: AbortSignal): Promise<void> {
  await using pipeline = await Pipeline.onStandIns();
  await createTables(pipeline);
  const written = await pipeline.file('debezium.jsonl', '');
  pipeline.run('server', await pipeline.file('dstream.hcl', configOf(pipeline, written)));
  const stop = new AbortController();
  const seen = startDebezium(pipeline, mode, AbortSignal.any([limited(signal), stop.signal]));
  try {
    await runWorkload(pipeline, seen);
  } finally {
    stop.abort();
    await seen.ended.catch(() => undefined);
  }
  reportComparison(mode, pipeline.arrived, seen.events, report);
  await reportEnvelopes(mode, written, seen.events, report);
}

/** Beside the envelope `dstream` on its standard output, `debezium` in a file. */
function configOf(pipeline: Pipeline, path: string): string {
  const tables = [MARKER, ...comparedTables.map(({ name }) => name)];
  const file = `output "debezium" {
    type     = "file"
    path     = "${path}"
    envelope = "debezium"
    debezium {
      bigint = ${JSON.stringify(comparedTables.flatMap(bigintColumns))}
    }
  }
  output "screen" {`;
  return pipeline.configText({ tables }).replace('output {', file);
}

function bigintColumns({ name, types }: ComparedTable): readonly string[] {
  return Object.keys(types)
    .filter((column) => types[column] === 'bigint')
    .map((column) => `${name}.${column}`);
}

/** Resolves when Debezium has ended with the last change, and dstream, which has no order across tables, has as many. */
async function runWorkload(pipeline: Pipeline, seen: Seen): Promise<void> {
  await Promise.race([untilBothRead(pipeline, seen), seen.ended]);
  for (const table of comparedTables)
    for (const transaction of table.transactions) await pipeline.database.query(transaction);
  await pipeline.database.query(mark(LAST));
  await seen.ended;
  await until(
    () => missing(pipeline.arrived, seen.events).length === 0,
    () => `dstream has delivered every change of ${missing(pipeline.arrived, seen.events).join(', ')}`,
    readyWithinMs,
  );
}

async function createTables(pipeline: Pipeline): Promise<void> {
  const { database } = pipeline;
  await database.query('EXEC sys.sp_cdc_enable_db');
  const marker = {
    name: MARKER,
    create: `CREATE TABLE dbo.${MARKER} (Id int IDENTITY PRIMARY KEY, Note varchar(40) NOT NULL)`,
  };
  for (const { name, create } of [marker, ...comparedTables]) {
    await database.query(create);
    await database.query(
      `EXEC sys.sp_cdc_enable_table @source_schema = 'dbo', @source_name = '${name}', @role_name = NULL`,
    );
  }
}

function startDebezium(pipeline: Pipeline, mode: string, signal: AbortSignal): Seen {
  const events: DebeziumEvent[] = [];
  const env = {
    ...sqlEnv(pipeline.standIns.sql.port),
    FOREIGN_SQL_DATABASE: sqlLogin.database,
    FOREIGN_QUERY_MODE: mode,
    FOREIGN_LAST: LAST,
  };
  const ended = runLines({ ...java.command('debezium'), env }, signal, (line) => {
    if (line.startsWith('{')) events.push(readDebeziumEvent(line));
  });
  return { events, ended };
}

/** Debezium begins at some LSN after its start: what is marked until it is seen is not compared. */
async function untilBothRead({ arrived, database }: Pipeline, { events }: Seen): Promise<void> {
  await until(
    async () => {
      await database.query(mark('is anybody there'));
      return events.length > 0 && arrived.length > 0;
    },
    () => `both read: Debezium ${events.length} changes, dstream ${arrived.length}`,
    readyWithinMs,
  );
}

function reportComparison(
  mode: string,
  arrived: readonly StampedEvent[],
  events: readonly DebeziumEvent[],
  report: Report,
): void {
  const met = new Set<string>();
  for (const table of comparedTables) {
    const { ours, theirs } = changesOf(table, arrived, events);
    const check = `${mode}: ${table.name}: ${ours.length} changes in their order, with their values`;
    const { faults, met: here } = compareEvents(table.types, ours, theirs);
    for (const name of here) met.add(name);
    if (ours.length === 0) report.failed(check, 'there are none');
    else if (faults.length === 0) report.passed(check);
    else report.failed(check, `${faults.length} differences; the first: ${faults.slice(0, 3).join('; ')}`);
  }
  for (const name of [UNAVAILABLE, ...differences.map((difference) => difference.name)])
    if (met.has(name)) report.passed(`${mode}: represented in another way: ${name}`);
    else report.failed(`${mode}: represented in another way: ${name}`, 'this difference was not met');
}

async function reportEnvelopes(
  mode: string,
  path: string,
  events: readonly DebeziumEvent[],
  report: Report,
): Promise<void> {
  const isCompared = ({ source }: DebeziumEvent) => comparedTables.some(({ name }) => name === source.table);
  const read = async () => envelopesIn(await readFile(path, 'utf8')).filter(isCompared);
  const expected = events.filter(isCompared).length;
  const written = await until(
    async () => {
      const found = await read();
      return found.length >= expected && found;
    },
    () => `the file has the ${expected} events that Debezium has`,
    readyWithinMs,
  );
  for (const { name, types } of comparedTables) {
    const of = (all: readonly DebeziumEvent[]) => all.filter(({ source }) => source.table === name);
    const check = `${mode}: ${name}: ${of(written).length} events in the envelope of Debezium`;
    const faults = compareEnvelopes({ types, mostLaterMs: laterMs[mode] ?? 0 }, of(written), of(events));
    if (faults.length === 0) report.passed(check);
    else report.failed(check, `${faults.length} differences; the first: ${faults.slice(0, 3).join('; ')}`);
  }
}

/** The tables of which dstream has delivered less than Debezium. */
const missing = (arrived: readonly StampedEvent[], events: readonly DebeziumEvent[]): string[] =>
  comparedTables
    .filter((table) => {
      const { ours, theirs } = changesOf(table, arrived, events);
      return ours.length < theirs.length;
    })
    .map(({ name }) => name);

function changesOf(
  { name }: ComparedTable,
  arrived: readonly StampedEvent[],
  events: readonly DebeziumEvent[],
): { ours: StampedEvent[]; theirs: DebeziumEvent[] } {
  const seen = new Set<string>();
  return {
    ours: arrived.filter(({ metadata: { table, id } }) => {
      if (table !== name || seen.has(id)) return false;
      seen.add(id);
      return true;
    }),
    theirs: events.filter(({ source }) => source.table === name),
  };
}
