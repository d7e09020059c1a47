import { expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import { until } from '../support/until.ts';

test(
  'changes that were cleaned up unread stop their table, say so, and are told of by an event when they are to be skipped',
  { timeout: 120_000 },
  async () => {
    await using pipeline = await Pipeline.start();
    for (const table of ['T', 'U']) await createCapturedTable(pipeline.database, table);
    const stopping = await pipeline.config({ tables: ['T', 'U'] });
    const first = pipeline.run('ingester', stopping);
    const processor = pipeline.run('processor', stopping);
    await insertRows(pipeline.database, 'T', { from: 1, to: 5 });
    await pipeline.arrivedDistinct(5);
    expect(await first.stop()).toBe(0);
    await loseChanges(pipeline);

    const second = pipeline.run('ingester', stopping);
    await insertRows(pipeline.database, 'U', { from: 1, to: 3 });
    await pipeline.arrivedDistinct(8);
    await until(
      async () => (await faultOf(second)) !== null,
      () => 'the table has stopped',
    );
    expect(await read(second, '/metrics')).toContain(
      'dstream_table_fault{table="dbo.T",code="HistoryLost"} 1\n',
    );
    await second.logged('HistoryLost');
    expect(await faultOf(second)).toMatchObject({
      code: 'HistoryLost',
      message: expect.stringMatching(/keeps history from 0x.*needs 0x.*read was committed at 20.*kept at 20/),
    });
    expect(await second.stop()).toBe(0);

    const skipping = await pipeline.config({ tables: ['T', 'U'], ingester: 'on_gap = "skip"' });
    const third = pipeline.run('ingester', skipping);
    await pipeline.arrivedDistinct(10);
    await insertRows(pipeline.database, 'T', { from: 8, to: 9 });
    await pipeline.arrivedDistinct(12);
    const ofT = pipeline.arrived.filter(({ metadata }) => metadata.table === 'T').slice(5);
    expect(ofT.map(({ data, metadata }) => data?.['N'] ?? metadata.operation)).toEqual(['gap', 7, 8, 9]);
    const [gap, next] = ofT;
    expect(gap?.metadata.gap).toMatchObject({
      reason: 'HistoryLost',
      to: { lsn: next?.metadata.origin['lsn'] },
    });
    expect(new Set(ofT.map(({ metadata }) => metadata.generation)).size).toBe(1);
    expect(await faultOf(third)).toBeNull();
    expect(await read(third, '/metrics')).toContain('dstream_table_gaps_total{table="dbo.T"} 1\n');
    expect(await third.stop()).toBe(0);
    expect(await processor.stop()).toBe(0);
  },
);

/** Row 6 is cleaned up, row 7 is kept. */
async function loseChanges({ database }: Pipeline): Promise<void> {
  for (const n of [6, 7]) await insertRows(database, 'T', { from: n, to: n });
  const captured = async () => {
    const found = await database.query<{ n: number }>('SELECT COUNT(*) AS n FROM cdc.dbo_T_CT');
    return found.recordset[0]?.n === 7;
  };
  await until(captured, () => 'both rows are captured', 60_000);
  await database.query(
    `DECLARE @low binary(10) = (SELECT MAX(__$start_lsn) FROM cdc.dbo_T_CT);
     EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_T', @low_water_mark = @low, @threshold = 5000`,
  );
}

async function read(ingester: DStreamProcess, path: string): Promise<string> {
  const { http } = JSON.parse(await ingester.logged('listening')) as { http: string };
  return (await fetch(`${http}${path}`)).text();
}

interface Status {
  readonly ingester: { readonly tables: readonly { readonly table: string; readonly fault: unknown }[] };
}

async function faultOf(ingester: DStreamProcess): Promise<unknown> {
  const status = JSON.parse(await read(ingester, '/status')) as Status;
  return status.ingester.tables.find(({ table }) => table === 'dbo.T')?.fault ?? null;
}
