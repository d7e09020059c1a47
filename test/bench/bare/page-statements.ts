/** What the bare loops read with: the select list of the product, over all changes of each table. */
import { selectedColumns } from '../../../libs/sources/sqlserver/src/sql/page-statement.ts';
import { capturedColumns, tables } from '../sample.ts';

const list = selectedColumns({
  name: '',
  startLsn: '' as never,
  key: [],
  columnUpdates: 0,
  columns: capturedColumns,
});

/** Names of the columns behind the four of CDC. */
export const pageColumns = list.map(({ name }) => name);

export const pageStatements = tables.map((table) => ({
  table,
  statement:
    'SELECT [__$start_lsn], [__$seqval], [__$operation], [__$update_mask], ' +
    list.map(({ name, expression }) => `${expression} AS [${name}]`).join(', ') +
    ` FROM [cdc].[fn_cdc_get_all_changes_dbo_${table}](sys.fn_cdc_get_min_lsn(N'dbo_${table}'),` +
    " sys.fn_cdc_get_max_lsn(), N'all update old') ORDER BY [__$start_lsn], [__$seqval], [__$operation]",
}));
