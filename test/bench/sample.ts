/** The changes that the benches move: rows of an ordinary table, about 1 KB of JSON each. */
import type { Position, StampedEvent } from '@dstream/core';
import type sql from 'mssql';

export const tables = ['T1', 'T2', 'T3', 'T4'] as const;
export const changesPerTable = 25_000;
export const changes = tables.length * changesPerTable;

const rowsPerTransaction = 500;
const note = 'DStream streams the changes of SQL Server tables. '.repeat(8);

/** As `cdc.captured_columns` names them. */
export const capturedColumns = [
  { name: 'Id', type: 'int' },
  { name: 'Name', type: 'nvarchar' },
  { name: 'Balance', type: 'decimal' },
  { name: 'ChangedAt', type: 'datetime2' },
  { name: 'Active', type: 'bit' },
  { name: 'Note', type: 'nvarchar' },
].map((column, n) => ({ ...column, ordinal: n + 1, computed: false }));

/** Four captured tables with their backlog. */
export async function fillTables(pool: sql.ConnectionPool, perTable: number): Promise<void> {
  await pool.query('EXEC sys.sp_cdc_enable_db');
  for (const table of tables) {
    await pool.query(
      `CREATE TABLE dbo.${table} (Id int NOT NULL PRIMARY KEY, Name nvarchar(100) NOT NULL, Balance decimal(19,4) NOT NULL,` +
        ' ChangedAt datetime2(7) NOT NULL, Active bit NOT NULL, Note nvarchar(1000) NULL)',
    );
    await pool.query(
      `EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'${table}', @role_name = NULL`,
    );
    for (let id = 1; id <= perTable; id += rowsPerTransaction) await insert(pool, table, id);
  }
}

async function insert(pool: sql.ConnectionPool, table: string, from: number): Promise<void> {
  const rows = Array.from({ length: rowsPerTransaction }, (_, n) => rowText(from + n));
  await pool.query(`INSERT INTO dbo.${table} VALUES ${rows.join(', ')}`);
}

function rowText(id: number): string {
  return `(${id}, N'${nameOf(id)}', ${id}.2500, '2026-11-20T09:15:30.1234567', ${id % 2}, N'${note}')`;
}

/** The same rows as changes; a thousand are as good as all. */
export function sampleEvents(table: string = tables[0], count = 1_000): readonly StampedEvent[] {
  return Array.from({ length: count }, (_, n) => sampleEvent(table, n + 1));
}

export function sampleEvent(table: string, id: number): StampedEvent {
  const lsn = `0000002A${id.toString(16).toUpperCase().padStart(12, '0')}`;
  return {
    data: {
      Id: id,
      Name: nameOf(id),
      Balance: `${id}.2500`,
      ChangedAt: '2026-11-20T09:15:30.1234567',
      Active: id % 2 === 1,
      Note: note,
    },
    metadata: {
      version: 2,
      id: `bench/shop/dbo.${table}:${lsn}:${lsn}:2`,
      source: 'sqlserver',
      server: 'bench',
      database: 'shop',
      schema: 'dbo',
      table,
      operation: 'insert',
      key: { Id: id },
      origin: { captureInstance: `dbo_${table}`, lsn: `0x${lsn}`, seqval: `0x${lsn}` },
      sequence: 1,
      committedAt: '2026-11-20T09:15:30.123Z',
      position: `${lsn}:0000000001` as Position,
      generation: 1_795_166_130_123,
      epoch: 1,
    },
  };
}

function nameOf(id: number): string {
  return `Žluťoučký kůň ${id}`;
}
