/** A backlog in change tables, and runs of the real ingester over it. */
import { openDatabase } from '../support/database.ts';
import { rounds } from './alternate.ts';
import { configText } from './config-file.ts';
import { DStreamProgram } from './dstream-program.ts';
import { measure, type MeasuredRun } from './measure.ts';
import { changes, changesPerTable, fillTables, tables } from './sample.ts';
import { StandInsProcess } from './stand-ins-process.ts';

/**
 * Stand-ins with four captured tables that hold their changes.
 * @param topics each with a subscription that keeps what is sent; one a run, so that none lengthens the queue of another
 */
export async function standInsWithBacklog(
  topics: readonly string[] = [],
  perTable = changesPerTable,
): Promise<StandInsProcess> {
  const standIns = await StandInsProcess.start({ entities: entities(topics) });
  const pool = await openDatabase(standIns.env.DSTREAM_DB_CONNECTION_STRING);
  await fillTables(pool, perTable);
  await pool.close();
  return standIns;
}

function entities(topics: readonly string[]) {
  const Subscriptions = [{ Name: 'waiting', Properties: { RequiresSession: true } }];
  const Topics = topics.map((Name) => ({ Name, Subscriptions }));
  return { UserConfig: { Namespaces: [{ Name: 'bench', Topics }] } };
}

/** The runs of one side, as names and topics call them. */
export function runsOf(side: string): readonly string[] {
  return Array.from({ length: rounds }, (_, n) => runOf(side, n + 1));
}

export function runOf(side: string, round: number): string {
  return `${side}${round}`;
}

export interface IngesterChoice {
  /**
   * Its topic, too. Nobody used it before: then there is no lease and no checkpoint, and the ingester begins as `start`
   * says.
   */
  readonly name: string;
  readonly start?: 'earliest' | 'latest';
  readonly ordering?: 'table' | 'key';
}

export function startIngester(standIns: StandInsProcess, choice: IngesterChoice): Promise<DStreamProgram> {
  const config = configText({ ...choice, tables, topic: choice.name });
  return DStreamProgram.start({ command: 'ingester', config, env: { ...standIns.env } });
}

/** From its first question to a change table to the acceptance of the last change. */
export async function runIngester(
  standIns: StandInsProcess,
  name: string,
  ordering: 'table' | 'key' = 'table',
): Promise<MeasuredRun> {
  const before = await standIns.progress();
  await using program = await startIngester(standIns, { name, ordering });
  return await measure(standIns, before, program.pid, {
    begun: (now) => now.changeReads > before.changeReads,
    done: async () => (await sent(program)) === changes,
  });
}

interface Status {
  readonly ingester: { readonly tables: readonly { readonly changes: number }[] };
}

async function sent(program: DStreamProgram): Promise<number> {
  const { ingester } = await program.status<Status>();
  return ingester.tables.reduce((sum, table) => sum + table.changes, 0);
}
