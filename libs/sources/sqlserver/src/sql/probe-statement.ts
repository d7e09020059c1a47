/** Which tables have moved: one statement for all tables of a database (DESIGN 8, "Reading"). */
import { highestLsn, lsnBytes, zeroLsn, type Lsn } from '../position/log-position.ts';
import { quoteName } from './quote.ts';
import { lsnParameter, lsnsParameter, type Statement } from './statement.ts';

export interface ProbedTable {
  readonly captureInstance: string;
  /** All up to here has been read. Undefined for a table that is not due: it is asked about nothing. */
  readonly scanned: Lsn | undefined;
}

/** Milliseconds that a probe waits for a lock. */
const lockTimeoutMs = 5_000;

/**
 * What a probe answers, by number of its result set. `max`: the LSN, its commit time, the server's now (both in its local
 * zone), minutes from that zone to UTC, the commit time of the entry @mark. `moved`: numbers of tables, each with a comma behind it. `instances`: name, low-water mark.
 * `lowTimes`: low-water mark, commit time of the first transaction from there on.
 */
export const probeResults = { max: 0, moved: 1, instances: 2, lowTimes: 3 } as const;

const mapping = 'FROM [cdc].[lsn_time_mapping] AS m';
const lsnLength = 10;

/**
 * Four result sets, in this order for a reason. The max LSN first: what the tables are asked after it is known, so
 * "nothing new" holds up to it. The low-water marks after the tables: when one has not passed a table's position then, cleanup
 * took nothing that the table's answer should have shown. The text depends on the set of tables alone, and is kept while
 * that stays the same.
 *
 * One small statement a table instead of a union of all: compiling it costs the server as much a table at 1,000 tables as at
 * ten, and one whose change table has grown is compiled anew alone. All positions are one parameter, so there is no number of
 * tables at which parameters run out (2,100). NOLOCK as in CDC's own functions: what lies up to the max LSN was committed by capture
 * and is never changed, what lies above it may be seen too early, and then the window up to the max LSN is empty. So
 * neither capture nor cleanup, which lock whole change tables now and then, keep the probe waiting.
 *
 * The times ride along, for metrics: a seek each in the clustered index of `cdc.lsn_time_mapping`. Cleanup moves all instances
 * to one low-water mark, so there are few of them. That of an instance that was never cleaned up is not in there: hence the
 * first entry from it on.
 *
 * A change table that is being dropped or altered is locked for NOLOCK too: it fails the probe with 1222 after five seconds instead of
 * holding up all tables. The setting is of the connection, so it is undone for the statements after it; a batch goes on after a 1222.
 */
export class ProbeStatements {
  #names = '';
  #text = textOf([]);

  /** @param mark an entry of `cdc.lsn_time_mapping` that an earlier probe saw: in a database that was restored it is another one, or none */
  of(tables: readonly ProbedTable[], mark: Lsn = zeroLsn): Statement {
    const names = tables.map(({ captureInstance }) => captureInstance).join('\n');
    if (names !== this.#names) {
      this.#names = names;
      this.#text = textOf(tables);
    }
    return {
      text: this.#text,
      parameters: [lsnsParameter('at', positionsOf(tables)), lsnParameter('mark', mark)],
    };
  }
}

function positionsOf(tables: readonly ProbedTable[]): Buffer {
  return Buffer.concat(tables.map(({ scanned }) => lsnBytes(scanned ?? highestLsn)));
}

function textOf(tables: readonly ProbedTable[]): string {
  return [
    `SET LOCK_TIMEOUT ${lockTimeoutMs}`,
    'DECLARE @max binary(10) = sys.fn_cdc_get_max_lsn()',
    `SELECT @max AS [max], (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] = @max) AS [at], GETDATE() AS [now],\n` +
      `  DATEDIFF(minute, GETDATE(), GETUTCDATE()) AS [utc], (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] = @mark) AS [marked]`,
    "DECLARE @moved varchar(max) = ''",
    ...tables.map(question),
    'SELECT @moved AS [moved]',
    'SELECT [capture_instance], [start_lsn] FROM [cdc].[change_tables]',
    `SELECT d.[start_lsn], (SELECT TOP (1) m.[tran_end_time] ${mapping} WHERE m.[start_lsn] >= d.[start_lsn] ORDER BY m.[start_lsn]) AS [at]\n` +
      'FROM (SELECT DISTINCT c.[start_lsn] FROM [cdc].[change_tables] AS c) AS d',
    'SET LOCK_TIMEOUT -1',
  ].join(';\n');
}

/** binary(10), as the column is: compared with varbinary the column would be converted, and nothing could be sought. */
function question({ captureInstance }: ProbedTable, i: number): string {
  const changeTable = `[cdc].${quoteName(`${captureInstance}_CT`)}`;
  const position = `CONVERT(binary(10), SUBSTRING(@at, ${1 + i * lsnLength}, ${lsnLength}))`;
  return `IF EXISTS (SELECT 1 FROM ${changeTable} WITH (NOLOCK) WHERE [__$start_lsn] > ${position}) SET @moved += '${i},'`;
}
