/** For unit tests: a server with one captured table, `dbo.T`. */
import { TestServer, type TestSession } from './test-server.ts';

export const ENABLE =
  "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'T', @role_name = NULL";

export async function captureTable(): Promise<{ server: TestServer; db: TestSession }> {
  const server = new TestServer();
  const db = server.connect();
  await db.rows(
    'CREATE TABLE dbo.T (Id int PRIMARY KEY, Name nvarchar(20), Notes nvarchar(max), Old ntext, Twice AS (Id * 2))',
  );
  await db.rows(`EXEC sys.sp_cdc_enable_db; ${ENABLE}`);
  return { server, db };
}

/** The rows of its change table, in the order of that. */
export function changesOf(db: TestSession, columns = 'Id, Name'): Promise<unknown[][]> {
  return db.rows(
    `SELECT __$operation, ${columns} FROM cdc.dbo_T_CT ORDER BY __$start_lsn, __$command_id, __$seqval, __$operation`,
  );
}

/** Of hexadecimal digits as SQL Server writes them, `0x` first. */
export const bytesOf = (hex: unknown): Uint8Array =>
  Uint8Array.from(Buffer.from(String(hex).slice(2), 'hex'));
