/**
 * From a backlog in change tables to encoded messages that nobody takes: our source, pump and encoding against a bare streamed
 * read of the same select list that makes and encodes the same events once.
 */
import { alternate, type Run, type Side } from './alternate.ts';
import { pageColumns, pageStatements } from './bare/page-statements.ts';
import type { ReadEncodedOptions } from './bare/read-encoded.ts';
import { figure, type Figure } from './figure.ts';
import { standInsWithBacklog } from './ingester-run.ts';
import type { ReadOptions } from './read-program.ts';
import { tables } from './sample.ts';
import { runBare, runMeasured } from './side-process.ts';
import type { StandInsProcess } from './stand-ins-process.ts';

/** Those that `dstream` starts with (apps/dstream/bin). */
export const flags = ['--max-semi-space-size=16', '--initial-old-space-size=128', '--max-old-space-size=512'];

/** Four times those of the other benches: a process compiles its hot code for a second, and 100,000 take no longer. */
const perTable = 100_000;
const changes = tables.length * perTable;

export async function read(): Promise<readonly Figure[]> {
  await using standIns = await standInsWithBacklog([], perTable);
  const sides = { ours: readOurs(standIns), bare: readBare(standIns) };
  await sides.bare(0); // what the stand-ins compile for the first reader is nobody's
  const { ours, bare } = await alternate(sides);
  const name = 'read, 1 KB changes of 4 tables to a topic that drops';
  return [
    figure(name, changes / ours.seconds, 'rows/s', changes / bare.seconds),
    figure(`${name}, CPU for 100,000`, cpu(ours), 's', cpu(bare)),
  ];
}

function readOurs(standIns: StandInsProcess): Side {
  const options: ReadOptions = { connectionString: standIns.env.DSTREAM_DB_CONNECTION_STRING, changes };
  return () => runMeasured('read-program', options, flags);
}

function readBare(standIns: StandInsProcess): Side {
  const options: ReadEncodedOptions = {
    connectionString: standIns.env.DSTREAM_DB_CONNECTION_STRING,
    rows: changes,
    columns: pageColumns,
    reads: pageStatements,
  };
  return () => runBare('read-encoded', options);
}

function cpu({ cpuSeconds }: Run): number {
  return (cpuSeconds / changes) * 100_000;
}
