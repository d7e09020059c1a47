/** What reading costs the server, by its own counters, and that a busy table does not keep the others waiting. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { FaultySource } from '../support/faulty-source.ts';
import { until } from '../support/until.ts';

let source: FaultySource;
afterEach(() => source[Symbol.asyncDispose]());

const names = (count: number) => Array.from({ length: count }, (_, n) => `T${n + 1}`);

test('a pass over 300 idle tables is one statement, always the same', async () => {
  source = await FaultySource.create(names(300));
  await source.read({ tables: intervals(300, 500) });
  const { faults } = source.server;
  const probes = () => {
    const { statementsByText } = faults.counters();
    return Object.entries(statementsByText).filter(([text]) => text.includes('fn_cdc_get_max_lsn'));
  };
  await sleep(2_000); // two waits, in which the tables come into step
  faults.resetCounters();
  await until(
    () => probes().reduce((sum, [, count]) => sum + count, 0) >= 6,
    () => 'six passes',
  );
  expect(probes()).toHaveLength(1);
  const { statements } = faults.counters();
  expect(statements).toBeLessThan(6 + 6); // the list of tables is asked for now and then
}, 90_000);

test('a change beside a table that is 100,000 rows behind is sent within two poll intervals', async () => {
  source = await FaultySource.create(['Busy', 'Calm']);
  const pollIntervalMs = 1_000;
  const rows = 400_000; // more than is read in two intervals: the table is still behind when the other's change arrives
  for (let written = 0; written < rows; written += 100_000) await source.written.many('Busy', 100_000);
  source.begin({ tables: intervals(0, pollIntervalMs, ['Busy', 'Calm']) });
  await until(
    () => source.arrived('Busy').length > 1_000,
    () => 'the busy table is being read',
  );
  expect(rows - source.arrived('Busy').length).toBeGreaterThan(100_000);
  const startedMs = performance.now();
  const before = source.arrived('Calm').length;
  await source.written.step();
  await until(
    () => source.arrived('Calm').length > before,
    () => 'the change of the calm table has been sent',
  );
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeLessThan(2 * pollIntervalMs);
  expect(source.arrived('Busy').length).toBeLessThan(rows);
}, 60_000);

function intervals(count: number, pollIntervalMs: number, of: readonly string[] = names(count)) {
  return of.map((table) => ({ schema: 'dbo', table, pollIntervalMs, maxPollIntervalMs: pollIntervalMs }));
}
