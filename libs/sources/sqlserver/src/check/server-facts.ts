/** What the server and the database say of themselves. One statement that needs no rights but to be connected. */
import { DStreamError, type CallOptions, type Clock } from '@dstream/core';
import type { SqlClient, Statement } from '../client/sql-client.ts';
import { minutesToUtc } from '../sql/commit-times.ts';

export interface ServerFacts {
  /** "SERVERPROPERTY": ProductVersion, Edition, EngineEdition. */
  readonly version: string;
  readonly edition: string;
  readonly engine: number;
  /** Its name as the catalogue spells it. */
  readonly database: string;
  readonly cdcEnabled: boolean;
  /** "DATABASEPROPERTYEX", Updateability: of a secondary replica, too. */
  readonly readOnly: boolean;
  /** "DATABASEPROPERTYEX", ServiceObjective; undefined but on Azure SQL Database. */
  readonly serviceObjective: string | undefined;
  /** Our user in the database, and our login at the server. */
  readonly user: string;
  readonly login: string;
  /** From the server's zone to UTC, about. */
  readonly minutesToUtc: number;
  /** Also of a schema that is to be made. */
  readonly mayReadCdc: boolean;
}

/** EngineEdition of "SERVERPROPERTY". */
export const engines = { azureSqlDatabase: 5, synapse: 6, edge: 9 } as const;

/**
 * The row of the own database is always there and found by name ("sys.databases", "DB_ID"). Where the schema cdc is not there, or
 * not visible, a permission on the whole database covers it ("HAS_PERMS_BY_NAME").
 */
const statement: Statement = {
  text:
    "SELECT CONVERT(nvarchar(128), SERVERPROPERTY(N'ProductVersion')) AS [version],\n" +
    "  CONVERT(nvarchar(128), SERVERPROPERTY(N'Edition')) AS [edition],\n" +
    "  CONVERT(int, SERVERPROPERTY(N'EngineEdition')) AS [engine],\n" +
    '  d.[name], d.[is_cdc_enabled],\n' +
    "  CONVERT(nvarchar(128), DATABASEPROPERTYEX(DB_NAME(), N'Updateability')) AS [updateability],\n" +
    "  CONVERT(nvarchar(128), DATABASEPROPERTYEX(DB_NAME(), N'ServiceObjective')) AS [objective],\n" +
    `  USER_NAME() AS [user], SUSER_SNAME() AS [login], ${minutesToUtc},\n` +
    "  CASE WHEN SCHEMA_ID(N'cdc') IS NULL THEN HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'SELECT')\n" +
    "    ELSE HAS_PERMS_BY_NAME(N'cdc', N'SCHEMA', N'SELECT') END AS [cdc]\n" +
    'FROM sys.databases AS d WHERE d.[name] = DB_NAME()',
  parameters: [],
};

/** Rejects with what connecting, signing in or the query failed with. */
export async function serverFacts(client: SqlClient, o: CallOptions): Promise<ServerFacts> {
  const [[row] = []] = await client.query(statement, o);
  if (row === undefined) throw new DStreamError('Unexpected', 'sys.databases has no row for our database');
  const [
    version,
    edition,
    engine,
    database,
    cdcEnabled,
    updateability,
    objective,
    user,
    login,
    minutes,
    cdc,
  ] = row;
  return {
    version: String(version),
    edition: String(edition),
    engine: Number(engine),
    database: String(database),
    cdcEnabled: cdcEnabled === true,
    readOnly: updateability === 'READ_ONLY',
    serviceObjective: typeof objective === 'string' ? objective : undefined,
    user: String(user),
    login: String(login),
    minutesToUtc: Number(minutes),
    mayReadCdc: cdc === 1,
  };
}

/** How far the server's clock is ahead of ours, and how far off that may be: half of the round trip. Milliseconds. */
export interface ClockDifference {
  readonly aheadMs: number;
  readonly errorMs: number;
}

const measurements = 3;

/** The best of three round trips. */
export async function clockDifference(
  client: SqlClient,
  clock: Clock,
  o: CallOptions,
): Promise<ClockDifference> {
  let best: ClockDifference = { aheadMs: 0, errorMs: Infinity };
  for (let n = 0; n < measurements; n += 1) {
    const before = clock.wallMs();
    const began = clock.monotonicMs();
    const [[[now] = []] = []] = await client.query(
      { text: 'SELECT SYSUTCDATETIME() AS [now]', parameters: [] },
      o,
    );
    const errorMs = (clock.monotonicMs() - began) / 2;
    if (errorMs < best.errorMs && now instanceof Date)
      best = { aheadMs: now.getTime() - before - errorMs, errorMs };
  }
  return best;
}
