/** 100,000 changes of backlog in 5 tables, from SQL Server to the console of a processor, and what memory it takes. */
import { createCapturedTable, insertRows } from '../support/database.ts';
import { Pipeline } from '../support/pipeline.ts';
import { figure, type Figure } from './figure.ts';
import { peakResidentMiB } from './process-usage.ts';

const tables = ['T1', 'T2', 'T3', 'T4', 'T5'];
const rowsPerTable = 20_000;

export async function backlog(): Promise<readonly Figure[]> {
  await using pipeline = await Pipeline.start();
  for (const table of tables) {
    await createCapturedTable(pipeline.database, table);
    await insertRows(pipeline.database, table, { from: 1, to: rowsPerTable, perTransaction: 500 });
  }
  const config = await pipeline.config({ tables });
  const startMs = performance.now();
  const ingester = pipeline.run('ingester', config);
  const processor = pipeline.run('processor', config);
  const total = tables.length * rowsPerTable;
  await pipeline.arrivedDistinct(total, 300_000);
  return [
    figure('backlog of 100,000 changes, start to last line', (performance.now() - startMs) / 1000, 's'),
    figure('backlog, changes that arrived more than once', pipeline.arrived.length - total, 'changes'),
    figure('backlog, most resident memory of the ingester', peakResidentMiB(ingester.pid), 'MiB'),
    figure('backlog, most resident memory of the processor', peakResidentMiB(processor.pid), 'MiB'),
  ];
}
