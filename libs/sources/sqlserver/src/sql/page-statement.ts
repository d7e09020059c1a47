/** The statements that read one table's changes. Pure: texts depend on the capture instance, values are bound. */
import { intParameter, literal, lsnParameter, quoteName, type Statement } from '../client/sql-client.ts';
import { neededFrom, zeroLsn, type LogPosition, type Lsn, type ReadMode } from '../position/log-position.ts';
import { columnUpdates, type CaptureInstance } from './catalogue.ts';
import { codecOf, type ColumnCodec } from './column-codec.ts';
import { commitTimesText } from './commit-times.ts';

/** What one statement reads. */
export interface Page {
  /** Its rows come strictly after this. */
  readonly after: LogPosition;
  /** The last LSN, inclusive: never above `sys.fn_cdc_get_max_lsn()`. */
  readonly to: Lsn;
  /** At most so many rows; without it all there are. */
  readonly rows?: number;
}

/** The largest number that TOP accepts as an int: the plan is that of a query without TOP. */
const allRows = 0x7fff_ffff;

/** A column of the select list. */
export interface SelectedColumn extends ColumnCodec {
  readonly name: string;
  readonly type: string;
  readonly ordinal: number;
}

/** The columns of an event, in the catalogue's order. */
export function selectedColumns(instance: CaptureInstance): readonly SelectedColumn[] {
  return instance.columns
    .filter((column) => !column.computed)
    .map((column) => ({ ...codecOf(column), name: column.name, type: column.type, ordinal: column.ordinal }));
}

/** Where in a row the key's columns are, in the key's order; -1 for a computed one, whose values CDC does not carry. */
export function keyIndexes({ key }: CaptureInstance, columns: readonly SelectedColumn[]): readonly number[] {
  return key.map((name) => columns.findIndex((column) => column.name === name));
}

/** The columns before those of the table in the second result set. In direct mode `__$command_id` follows them. */
export const leadingColumns = ['__$start_lsn', '__$seqval', '__$operation', '__$update_mask'] as const;

/** The result sets of a page's batch, by number. */
export const pageResults = { times: 0, rows: 1, marks: 2 } as const;

/** The statements for one capture instance: texts are made once, values are bound. */
export class PageStatements {
  readonly columns: readonly SelectedColumn[];
  readonly #pageTexts: Readonly<Record<ReadMode, string>>;
  readonly #boundText: string;
  readonly #marksText: string;

  constructor(instance: CaptureInstance) {
    this.columns = selectedColumns(instance);
    const changeTable = `[cdc].${quoteName(`${instance.name}_CT`)}`;
    this.#marksText = marksText(instance.name);
    const text = (rows: string) => [commitTimesText(changeTable), rows, this.#marksText].join(';\n');
    const list = selectList(this.columns);
    this.#pageTexts = {
      functions: text(functionRows(instance, list)),
      direct: text(directRows(changeTable, list)),
    };
    this.#boundText = boundText(changeTable);
  }

  /**
   * One round trip: the commit times of the page's transactions, its rows by the complete key in the order of the
   * position's mode, and after them the low-water mark and the number of column updates. The times come first, so that rows can leave as they arrive.
   */
  page({ after, to, rows = allRows }: Page): Statement {
    const inside = after.kind === 'inside' ? after : undefined;
    const parameters = [
      intParameter('n', rows),
      lsnParameter('from', neededFrom(after)),
      lsnParameter('to', to),
      lsnParameter('seqval', inside?.seqval ?? zeroLsn),
      intParameter('operation', inside?.operation ?? 0),
    ];
    const command = after.mode === 'direct' ? [intParameter('command', inside?.commandId ?? 0)] : [];
    return { text: this.#pageTexts[after.mode], parameters: [...parameters, ...command] };
  }

  /**
   * The start LSN of the `rows`-th row from `from` on: a page that ends there holds about so many rows and only
   * whole transactions. The functions sort a page as a whole, so a backlog must not be one page.
   */
  bound(from: Lsn, to: Lsn, rows: number): Statement {
    const parameters = [intParameter('n', rows), lsnParameter('from', from), lsnParameter('to', to)];
    return { text: this.#boundText, parameters };
  }

  /** The low-water mark and the number of column updates, now. */
  marks(): Statement {
    return { text: this.#marksText, parameters: [] };
  }
}

function selectList(columns: readonly SelectedColumn[]): readonly string[] {
  const list = columns.map(({ name, expression }) =>
    expression === quoteName(name) ? expression : `${expression} AS ${quoteName(name)}`,
  );
  return [...leadingColumns.map(quoteName), ...list];
}

function functionRows({ name }: CaptureInstance, list: readonly string[]): string {
  return (
    `SELECT TOP (@n) ${list.join(', ')}\n` +
    `FROM [cdc].${quoteName(`fn_cdc_get_all_changes_${name}`)}(@from, @to, N'all update old')\n` +
    'WHERE [__$start_lsn] > @from OR ([__$start_lsn] = @from AND ([__$seqval] > @seqval OR\n' +
    '  ([__$seqval] = @seqval AND [__$operation] > @operation)))\n' +
    'ORDER BY [__$start_lsn], [__$seqval], [__$operation]'
  );
}

/**
 * The order of the change table's clustered index, so nothing is sorted. NOLOCK as in CDC's own functions: what lies up
 * to the max LSN was committed by capture and is never changed, and a reader that waits for its consumer must not hold
 * up capture or cleanup. `__$command_id` is NULL in rows from before it was introduced.
 */
function directRows(changeTable: string, list: readonly string[]): string {
  const command = 'ISNULL([__$command_id], 0)';
  return (
    `SELECT TOP (@n) ${list.join(', ')}, [__$command_id]\n` +
    `FROM ${changeTable} WITH (NOLOCK)\n` +
    'WHERE [__$start_lsn] >= @from AND [__$start_lsn] <= @to\n' +
    `  AND ([__$start_lsn] > @from OR ${command} > @command OR (${command} = @command AND\n` +
    '  ([__$seqval] > @seqval OR ([__$seqval] = @seqval AND [__$operation] > @operation))))\n' +
    'ORDER BY [__$start_lsn], [__$command_id], [__$seqval], [__$operation]'
  );
}

/** NOLOCK: see `commitTimesText`. */
function boundText(changeTable: string): string {
  return (
    'SELECT MAX(t.[__$start_lsn]) AS [bound] FROM (\n' +
    `  SELECT TOP (@n) [__$start_lsn] FROM ${changeTable} WITH (NOLOCK)\n` +
    '  WHERE [__$start_lsn] >= @from AND [__$start_lsn] <= @to ORDER BY [__$start_lsn]) AS t'
  );
}

/** One row: the low-water mark of an instance, and its column updates; without the latter when it is gone. */
function marksText(captureInstance: string): string {
  const name = literal(captureInstance);
  return (
    `SELECT sys.fn_cdc_get_min_lsn(${name}) AS [low],\n` +
    `  (SELECT ${columnUpdates} FROM [cdc].[change_tables] AS c WHERE c.[capture_instance] = ${name}) AS [updates]`
  );
}
