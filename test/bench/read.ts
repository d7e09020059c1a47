/**
 * From a backlog in change tables to encoded messages that nobody takes: our source, pump and encoding against a bare streamed
 * read of the same select list that makes and encodes the same events once.
 */
import { selectedColumns } from '../../libs/sqlserver/src/sql/page-statement.ts';
import { alternate, type Run, type Side } from './alternate.ts';
import type { ReadEncodedOptions } from './bare/read-encoded.ts';
import { figure, type Figure } from './figure.ts';
import { standInsWithBacklog } from './ingester-run.ts';
import type { ReadOptions } from './read-program.ts';
import { capturedColumns, changes, tables } from './sample.ts';
import { runBare, runMeasured } from './side-process.ts';
import type { StandInsProcess } from './stand-ins-process.ts';

/** Those that `dstream` starts with (apps/dstream/bin). */
export const flags = ['--max-semi-space-size=16', '--max-old-space-size=512'];

export async function read(): Promise<readonly Figure[]> {
  await using standIns = await standInsWithBacklog();
  const { ours, bare } = await alternate({ ours: readOurs(standIns), bare: readBare(standIns) });
  const name = 'read, 1 KB changes of 4 tables to a topic that drops';
  return [
    figure(name, changes / ours.seconds, 'rows/s', changes / bare.seconds),
    figure(`${name}, CPU for 100,000`, cpu(ours), 's', cpu(bare)),
  ];
}

function readOurs(standIns: StandInsProcess): Side {
  const options: ReadOptions = { connectionString: standIns.env.DSTREAM_DB_CONNECTION_STRING, changes };
  return () => runMeasured('read-program', options, flags);
}

function readBare(standIns: StandInsProcess): Side {
  const list = selectedColumns({
    name: '',
    startLsn: '' as never,
    key: [],
    columnUpdates: 0,
    columns: capturedColumns,
  });
  const columns = list.map(({ name, expression }) => `${expression} AS [${name}]`).join(', ');
  const options: ReadEncodedOptions = {
    connectionString: standIns.env.DSTREAM_DB_CONNECTION_STRING,
    rows: changes,
    columns: list.map(({ name }) => name),
    reads: tables.map((table) => ({
      table,
      statement:
        `SELECT [__$start_lsn], [__$seqval], [__$operation], [__$update_mask], ${columns}` +
        ` FROM [cdc].[fn_cdc_get_all_changes_dbo_${table}](sys.fn_cdc_get_min_lsn(N'dbo_${table}'),` +
        " sys.fn_cdc_get_max_lsn(), N'all update old') ORDER BY [__$start_lsn], [__$seqval], [__$operation]",
    })),
  };
  return () => runBare('read-encoded', options);
}

function cpu({ cpuSeconds }: Run): number {
  return (cpuSeconds / changes) * 100_000;
}
