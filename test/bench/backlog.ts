/** 100,000 changes of backlog in 5 tables, from SQL Server to the console of a processor, and what memory it takes. */
import { readFileSync } from 'node:fs';
import { createCapturedTable, insertRows } from '../support/database.ts';
import type { DStreamProcess } from '../support/dstream-process.ts';
import { Pipeline } from '../support/pipeline.ts';
import type { Figure } from './figure.ts';

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
  const seconds = (performance.now() - startMs) / 1000;
  return [
    { name: 'backlog of 100,000 changes, start to last line', value: round(seconds), unit: 's' },
    { name: 'changes that arrived more than once', value: pipeline.arrived.length - total, unit: 'changes' },
    { name: 'ingester, most resident memory', value: peakMiB(ingester), unit: 'MiB' },
    { name: 'processor, most resident memory', value: peakMiB(processor), unit: 'MiB' },
  ];
}

/** Linux: VmHWM, the peak of the resident set (proc(5)). */
function peakMiB({ pid }: DStreamProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kiB = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
  return Math.round(kiB / 1024);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
