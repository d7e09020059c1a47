/** The SQL Server source against the stand-in: what goes wrong for a moment. */
import { asDStreamError, type ResumePoint } from '@dstream/core';
import { tableOf } from '../support/captured-database.ts';
import { describe, expect, test } from 'vitest';
import { changesOf, take } from '../support/source-reading.ts';
import { until } from '../support/until.ts';
import { useSqlServer } from '../support/use-sql-server.ts';

const rig = useSqlServer();

const signal = () => AbortSignal.timeout(20_000);

describe('what passes', () => {
  test('a connection killed between pages: reading on loses and repeats nothing', async () => {
    await rig.database.capture('Persons');
    await rig.database.transaction([
      `INSERT INTO dbo.Persons (Id, Name) VALUES ${Array.from({ length: 40 }, (_, i) => `(${i + 1}, N'p')`).join(', ')}`,
    ]);
    const { source, table } = await rig.opened('Persons', { maxRows: 5 });
    const seen: unknown[] = [];
    let end: ResumePoint | undefined;
    const failures: string[] = [];
    while (seen.length < 40)
      try {
        for await (const batch of source.read(table, end, { signal: signal() })) {
          seen.push(...changesOf([batch]).map((c) => c.data?.['Id']));
          end = batch.end;
          if (seen.length >= 40) break;
          if (seen.length > 0 && failures.length < 3) rig.server.dropConnections();
        }
      } catch (error) {
        failures.push(asDStreamError(error).code);
      }
    expect(new Set(failures)).toEqual(new Set(['Unreachable']));
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test('a deadlock and a result that stalls are errors that pass', async () => {
    await rig.database.capture('Persons');
    await rig.database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await rig.opened('Persons', { silence: { firstRowMs: 200, stallMs: 200 } });
    const message = { number: 1205, severity: 13, state: 45, message: 'deadlock victim', line: 1 };
    rig.server.faults.onStatement(/fn_cdc_get_all_changes/, { kind: 'fail', message }, 1);
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'Transient', disposition: 'retry' });
    rig.server.faults.onStatement(/fn_cdc_get_all_changes/, { kind: 'delay', ms: 5_000 }, 1);
    await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'Stalled', disposition: 'retry' });
    rig.server.clear();
    expect(changesOf(await take(source, table, 1))).toHaveLength(1);
  });

  test('a change table that was missing for a moment is read again', async () => {
    await rig.database.capture('Persons');
    await rig.database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const { source, table } = await rig.opened('Persons');
    const message = { number: 208, severity: 16, state: 1, message: 'Invalid object name', line: 1 };
    const missing = (times: number) =>
      rig.server.faults.onStatement(/fn_cdc_get_all_changes.*@from/s, { kind: 'fail', message }, times);
    missing(1);
    expect(changesOf(await take(source, table, 1))).toHaveLength(1);
    missing(2);
    await expect(take(source, table, 1)).rejects.toMatchObject({
      code: 'CaptureChanged',
      disposition: 'retry',
    });
  });

  test('a locked change table is an error of its own table that passes', async () => {
    await rig.database.capture('Locked');
    await rig.database.capture('Persons');
    await rig.database.commit([{ table: 'Persons', insert: { Id: 1, Name: 'a' } }]);
    const source = rig.open(['Locked', 'Persons']);
    const [locked, persons] = [await tableOf(source, 'Locked'), await tableOf(source, 'Persons')];
    const message = { number: 1222, severity: 16, state: 51, message: 'lock request time out', line: 1 };
    rig.server.faults.onStatement(/dbo_Locked_CT/, { kind: 'fail', message }, Infinity);
    const [failed, read] = await Promise.allSettled([take(source, locked, 1), take(source, persons, 1)]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'Transient' } });
    expect(read).toMatchObject({ status: 'fulfilled' });
  });

  test('twenty idle tables are asked about in one statement a pass', async () => {
    for (let i = 0; i < 20; i += 1) await rig.database.capture(`Idle${i}`);
    const source = rig.open([], {
      tables: [{ schema: 'dbo', table: '*', pollIntervalMs: 200, maxPollIntervalMs: 200 }],
    });
    const tables = await source.partitions({ signal: signal() });
    const controller = new AbortController();
    const reads = tables.map(async (table) => {
      for await (const batch of source.read(table, undefined, { signal: controller.signal })) void batch;
    });
    const probes = () => {
      const { statementsByText } = rig.server.faults.counters();
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
