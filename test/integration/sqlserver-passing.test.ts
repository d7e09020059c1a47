/** The SQL Server source against the stand-in: what goes wrong for a moment. */
import { asDStreamError, type ResumePoint } from '@dstream/core';
import { tableOf } from '../support/captured-database.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changesOf, take } from '../support/source-reading.ts';
import { SqlServerDatabase } from '../support/sql-server-database.ts';
import { startSqlServerStandIn, type RunningSqlServer } from '../support/sql-server-stand-in.ts';
import { until } from '../support/until.ts';

let stack: AsyncDisposableStack;
let running: RunningSqlServer;
let database: SqlServerDatabase;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  running = stack.use(await startSqlServerStandIn());
  database = stack.use(await SqlServerDatabase.create(running.connectionString));
});
afterEach(() => stack.disposeAsync());

const signal = () => AbortSignal.timeout(20_000);

async function opened(name: string, choice = {}) {
  const source = stack.use(database.open([name], choice));
  const [table] = await source.tables({ signal: signal() });
  if (table === undefined) throw new Error(`no table ${name}`);
  return { source, table };
}

describe('what passes', () => {
  test('a connection killed between pages: reading on loses and repeats nothing', async () => {
    await database.capture('Persons');
    await database.transaction([
      `INSERT INTO dbo.Persons (Id, Name) VALUES ${Array.from({ length: 40 }, (_, i) => `(${i + 1}, N'p')`).join(', ')}`,
    ]);
    const { source, table } = await opened('Persons', { maxRows: 5 });
    const seen: unknown[] = [];
    let end: ResumePoint | undefined;
    const failures: string[] = [];
    while (seen.length < 40)
      try {
        for await (const batch of source.read(table, end, { signal: signal() })) {
          seen.push(...batch.changes.map((c) => c.data?.['Id']));
          end = batch.end;
          if (seen.length >= 40) break;
          if (seen.length > 0 && failures.length < 3) running.server.dropConnections();
        }
      } catch (error) {
        failures.push(asDStreamError(error).code);
      }
    expect(new Set(failures)).toEqual(new Set(['Unreachable']));
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test('a deadlock and a result that stalls are errors that pass', async () => {
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await opened('Persons', { patience: { firstRowMs: 200, stallMs: 200 } });
    const message = { number: 1205, severity: 13, state: 45, message: 'deadlock victim', line: 1 };
    running.server.faults.onStatement(/fn_cdc_get_all_changes/, { kind: 'fail', message }, 1);
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'Transient', disposition: 'retry' });
    running.server.faults.onStatement(/fn_cdc_get_all_changes/, { kind: 'delay', ms: 5_000 }, 1);
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'Stalled', disposition: 'retry' });
    running.server.clear();
    expect(changesOf(await take(source, table, 1))).toHaveLength(1);
  });

  test('a change table that was missing for a moment is read again', async () => {
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await opened('Persons');
    const message = { number: 208, severity: 16, state: 1, message: 'Invalid object name', line: 1 };
    const missing = (times: number) =>
      running.server.faults.onStatement(/fn_cdc_get_all_changes.*@from/s, { kind: 'fail', message }, times);
    missing(1);
    expect(changesOf(await take(source, table, 1))).toHaveLength(1);
    missing(2);
    await expect(take(source, table, 1)).rejects.toMatchObject({
      code: 'CaptureChanged',
      disposition: 'retry',
    });
  });

  test('a locked change table is an error of its own table that passes', async () => {
    await database.capture('Locked');
    await database.capture('Persons');
    await database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const source = stack.use(database.open(['Locked', 'Persons']));
    const [locked, persons] = [await tableOf(source, 'Locked'), await tableOf(source, 'Persons')];
    const message = { number: 1222, severity: 16, state: 51, message: 'lock request time out', line: 1 };
    running.server.faults.onStatement(/dbo_Locked_CT/, { kind: 'fail', message }, Infinity);
    const [failed, read] = await Promise.allSettled([take(source, locked, 1), take(source, persons, 1)]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'Transient' } });
    expect(read).toMatchObject({ status: 'fulfilled' });
  });

  test('twenty idle tables are asked about in one statement a pass', async () => {
    for (let i = 0; i < 20; i += 1) await database.capture(`Idle${i}`);
    const source = stack.use(
      database.open([], {
        tables: [{ schema: 'dbo', table: '*', pollIntervalMs: 200, maxPollIntervalMs: 200 }],
      }),
    );
    const tables = await source.tables({ signal: signal() });
    const controller = new AbortController();
    const reads = tables.map(async (table) => {
      for await (const batch of source.read(table, undefined, { signal: controller.signal })) void batch;
    });
    const probes = () => {
      const { statementsByText } = running.server.faults.counters();
      return Object.entries(statementsByText).filter(([text]) => text.includes('fn_cdc_get_max_lsn'));
    };
    const count = () => probes().reduce((sum, [, n]) => sum + n, 0);
    await until(
      () => count() >= 8,
      () => `eight probes, there were ${count()}`,
    );
    const before = count();
    const startedMs = performance.now();
    await until(
      () => count() >= before + 5,
      () => 'five more probes',
    );
    expect(performance.now() - startedMs).toBeGreaterThan(500);
    controller.abort(new Error('enough'));
    await Promise.allSettled(reads);
  });
});
