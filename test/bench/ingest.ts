/**
 * From a backlog in change tables to the topic: the real ingester against the two halves of its work as bare loops,
 * and against the simple program that sends one change a message.
 */
import { alternate, type Run, type Side } from './alternate.ts';
import { pageStatements } from './bare/page-statements.ts';
import type { ReadRowsOptions } from './bare/read-rows.ts';
import type { SendOptions } from './bare/sending.ts';
import { figure, type Figure } from './figure.ts';
import { runIngester, runOf, runsOf, standInsWithBacklog } from './ingester-run.ts';
import { changes, changesPerTable, tables } from './sample.ts';
import { runBare } from './side-process.ts';
import type { StandInsProcess } from './stand-ins-process.ts';

export async function ingest(): Promise<readonly Figure[]> {
  const topics = ['ours', 'packed', 'single'].flatMap(runsOf);
  await using standIns = await standInsWithBacklog([runOf('packed', 0), ...topics]);
  const sides = {
    ours: (round: number) => runIngester(standIns, runOf('ours', round)),
    read: readRows(standIns),
    packed: send(standIns, 'send-packed', 'packed'),
    single: send(standIns, 'send-single', 'single'),
  };
  for (const warmUp of [sides.read, sides.packed]) await warmUp(0); // what the stand-ins compile for the first is nobody's
  const { ours, read, packed, single } = await alternate(sides);
  const slower = read.seconds > packed.seconds ? read : packed;
  const name = 'ingest, 1 KB changes of 4 tables';
  return [
    figure(`${name}, against the slower bare half`, rate(ours), 'changes/s', rate(slower)),
    figure(`${name}, against a bare read`, rate(ours), 'changes/s', rate(read)),
    figure(`${name}, against a bare packed send`, rate(ours), 'changes/s', rate(packed)),
    figure(`${name}, against one change a message`, rate(ours), 'changes/s', rate(single)),
    figure('ingest, CPU for 100,000 changes, against both halves', cpu(ours), 's', cpu(read) + cpu(packed)),
  ];
}

function readRows(standIns: StandInsProcess): Side {
  const options: ReadRowsOptions = {
    connectionString: standIns.env.DSTREAM_DB_CONNECTION_STRING,
    rows: changes,
    statements: pageStatements.map(({ statement }) => statement),
  };
  return () => runBare('read-rows', options);
}

function send(standIns: StandInsProcess, loop: 'send-packed' | 'send-single', side: string): Side {
  const connectionString = standIns.env.DSTREAM_INGEST_CONNECTION_STRING;
  return (round) => {
    const topic = runOf(side, round);
    const options: SendOptions = { connectionString, topic, tables, changesPerTable };
    return runBare(loop, options);
  };
}

function rate({ seconds }: Run): number {
  return changes / seconds;
}

function cpu({ cpuSeconds }: Run): number {
  return (cpuSeconds / changes) * 100_000;
}
