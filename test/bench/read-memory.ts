/** How much the memory of a process grows that reads and encodes one transaction of a million rows. */
import sql from 'mssql';
import { createCapturedTable, openDatabase } from '../support/database.ts';
import { figure, type Figure } from './figure.ts';
import { flags } from './read.ts';
import type { ReadOptions, ReadRun } from './read-program.ts';
import { runMeasured } from './side-process.ts';
import { StandInsProcess } from './stand-ins-process.ts';

const rows = 1_000_000;
const rowsPerStatement = 1_000;

export async function readMemory(): Promise<readonly Figure[]> {
  await using standIns = await StandInsProcess.start();
  const connectionString = standIns.env.DSTREAM_DB_CONNECTION_STRING;
  await fill(connectionString);
  const options: ReadOptions = { connectionString, changes: rows };
  const { idleMiB, peakMiB, seconds } = await runMeasured<ReadRun>('read-program', options, flags);
  const name = 'read-memory, a transaction of 1,000,000 rows';
  return [
    figure(`${name}, above idle`, peakMiB - idleMiB, 'MiB'),
    figure(`${name}, at the most`, peakMiB, 'MiB', idleMiB),
    figure(name, rows / seconds, 'rows/s'),
  ];
}

async function fill(connectionString: string): Promise<void> {
  const pool = await openDatabase(connectionString);
  await createCapturedTable(pool, 'Large');
  const transaction = new sql.Transaction(pool);
  await transaction.begin();
  for (let n = 0; n < rows; n += rowsPerStatement) {
    const values = Array.from({ length: rowsPerStatement }, (_, i) => `(${n + i}, N'row ${n + i} ✓')`);
    await new sql.Request(transaction).query(`INSERT INTO dbo.Large (N, Note) VALUES ${values.join(', ')}`);
  }
  await transaction.commit();
  await pool.close();
}
