/** Random transactions over real sockets: every way of reading them gives one sequence, and applying it the table. */
import type { ChangeBatch, ChangeEvent, PartitionId, ResumePoint } from '@dstream/core';
import fc from 'fast-check';
import type { SqlServerStandIn } from '../stand-ins/all/src/start-sql-server.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lsnOf, type Lsn, type ReadMode } from '../../libs/sources/sqlserver/src/position/log-position.ts';
import { formatResumePoint } from '../../libs/sources/sqlserver/src/position/resume-point.ts';
import { applied } from '../support/applied.ts';
import { tableOf } from '../support/captured-database.ts';
import { shape, transactionsOver, transactionText, type Step } from '../support/random-transactions.ts';
import { changesOf } from '../support/source-reading.ts';
import { SqlServerDatabase } from '../support/sql-server-database.ts';
import { startSqlServerStandIn } from '../support/sql-server-stand-in.ts';

const tables = ['A', 'B'] as const;
const modes: readonly ReadMode[] = ['functions', 'direct'];
const pageSizes = [1, 2, 3, 7, 5_000];

interface Way {
  readonly mode: ReadMode;
  readonly maxRows: number;
  readonly read: (table: PartitionId, from: Lsn | ResumePoint, to: Lsn) => Promise<ChangeBatch[]>;
}

let stack: AsyncDisposableStack;
let server: SqlServerStandIn;
let database: SqlServerDatabase;
let ways: readonly Way[];
let ids: readonly PartitionId[];
let last = 1_000;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const { connectionString, server: running } = stack.use(await startSqlServerStandIn());
  server = running;
  database = stack.use(await SqlServerDatabase.create(connectionString));
  for (const table of tables) {
    await database.pool.query(`CREATE TABLE dbo.${table} (${shape})`);
    await database.enable(table);
  }
  ways = modes.flatMap((mode) => pageSizes.map((maxRows) => wayOf(mode, maxRows)));
  const source = stack.use(database.open(tables));
  ids = await Promise.all(tables.map((table) => tableOf(source, table)));
});
afterAll(() => stack.disposeAsync());

function wayOf(mode: ReadMode, maxRows: number): Way {
  const source = stack.use(database.open(tables, { mode, maxRows }));
  const read = async (table: PartitionId, from: Lsn | ResumePoint, to: Lsn) => {
    const after =
      typeof from === 'string' ? formatResumePoint({ kind: 'between', mode, lsn: from }, {}) : from;
    const batches: ChangeBatch[] = [];
    for await (const batch of source.read(table, after, { signal: AbortSignal.timeout(20_000) })) {
      batches.push(batch);
      if (batch.end.position === `${to}:~`) break;
    }
    return batches;
  };
  return { mode, maxRows, read };
}

async function maxLsn(): Promise<Lsn> {
  const { recordset } = await database.pool.query<{ max: Buffer }>('SELECT sys.fn_cdc_get_max_lsn() AS max');
  const [row] = recordset;
  if (row === undefined) throw new Error('no max LSN');
  return lsnOf(row.max);
}

/** Empties the tables, commits, and says between which LSNs that was. */
async function commit(transactions: readonly (readonly Step[])[]): Promise<{ from: Lsn; to: Lsn }> {
  await database.pool.query(tables.map((table) => `DELETE ${table}`).join(';'));
  const from = await maxLsn();
  const unique = () => (last += 1);
  await database.pool.query(transactions.map((steps) => transactionText(steps, unique)).join(';\n'));
  return { from, to: await maxLsn() };
}

async function tableNow(name: string): Promise<ReadonlyMap<string, unknown>> {
  const { recordset } = await database.pool.query<{ Id: number }>(`SELECT Id, U, Name FROM ${name}`);
  return new Map(recordset.map((row) => [JSON.stringify({ Id: row.Id }), { ...row }]));
}

/** All that does not depend on the mode: ordinals and positions do. */
const imagesById = (changes: readonly ChangeEvent[]) =>
  new Map(changes.map(({ data, before, metadata: m }) => [m.id, [m.operation, data, before, m.changed]]));

const anyWay = fc.nat().map((n) => () => ways[n % ways.length] as Way);
const wholeIn = (mode: ReadMode) => ways.find((way) => way.mode === mode && way.maxRows === 5_000) as Way;

test(
  'in both modes and at any page size the changes are one sequence, which applied gives the table',
  { timeout: 60_000 },
  () =>
    fc.assert(
      fc.asyncProperty(
        transactionsOver(tables),
        anyWay,
        anyWay,
        fc.boolean(),
        async (transactions, pick, resume, shuffle) => {
          server.capture.shuffleSeqvals(shuffle);
          const { from, to } = await commit(transactions);
          for (const [n, table] of ids.entries()) {
            const now = await tableNow(tables[n] ?? '');
            const wholes = new Map<ReadMode, readonly ChangeEvent[]>();
            for (const mode of modes) {
              const whole = changesOf(await wholeIn(mode).read(table, from, to));
              expect(applied(whole)).toEqual(now);
              wholes.set(mode, whole);
            }
            expect(imagesById(wholes.get('direct') ?? [])).toEqual(imagesById(wholes.get('functions') ?? []));
            const way = pick();
            const batches = await way.read(table, from, to);
            expect(changesOf(batches)).toEqual(wholes.get(way.mode));
            await goesOn(resume(), table, batches, to);
          }
        },
      ),
      { numRuns: 150 },
    ),
);

/** From one of the batches in any way, also in the other mode: nothing is lost, and nothing comes twice. */
async function goesOn(way: Way, table: PartitionId, batches: readonly ChangeBatch[], to: Lsn): Promise<void> {
  const at = Math.floor((batches.length - 1) / 2);
  const end = batches[at]?.end;
  if (end === undefined || at === batches.length - 1) return;
  const rest = changesOf(await way.read(table, end, to));
  expect(imagesById(rest)).toEqual(imagesById(changesOf(batches.slice(at + 1))));
  applied([...changesOf(batches.slice(0, at + 1)), ...rest]);
}
