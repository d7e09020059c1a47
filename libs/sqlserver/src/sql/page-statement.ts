/** The statements that read one table's changes. Pure: texts depend on the capture instance, values are bound. */
import type { Lsn } from '../rows/lsn.ts';
import type { CaptureInstance } from './capture-instance.ts';
import { codecOf, type ColumnCodec } from './column-codec.ts';
import { literal, quoteName } from './quote.ts';
import { intParameter, lsnParameter, type Statement } from './statement.ts';

/** Where a page begins: at this complete key, itself included. `skip` rows of exactly this key were read before. */
export interface PageCursor {
  readonly lsn: Lsn;
  readonly seqval: Lsn;
  readonly operation: number;
  readonly skip: number;
}

export interface Page {
  readonly cursor: PageCursor;
  /** Closed end of the window: never above `sys.fn_cdc_get_max_lsn()`. */
  readonly to: Lsn;
  readonly rows: number;
}

export interface SelectedColumn extends ColumnCodec {
  readonly name: string;
  readonly type: string;
  readonly ordinal: number;
}

/** The columns of an event, in the catalogue's order. */
export function selectedColumns(instance: CaptureInstance): readonly SelectedColumn[] {
  return instance.columns
    .filter((column) => !column.computed)
    .map(({ name, type, ordinal }) => ({ name, type, ordinal, ...codecOf(name, type) }));
}

/** The columns before those of the table in the second result set. */
export const leadingColumns = ['__$start_lsn', '__$seqval', '__$operation', '__$update_mask'] as const;

/** What a page's batch answers, by number of its result set. */
export const pageResults = { times: 0, rows: 1, lowWaterMark: 2 } as const;

export class PageStatements {
  readonly columns: readonly SelectedColumn[];
  readonly #pageText: string;
  readonly #boundText: string;
  readonly #lowText: string;

  constructor(instance: CaptureInstance) {
    this.columns = selectedColumns(instance);
    const changeTable = `[cdc].${quoteName(`${instance.name}_CT`)}`;
    this.#lowText = `SELECT sys.fn_cdc_get_min_lsn(${literal(instance.name)}) AS [low]`;
    this.#pageText = [timesText(changeTable), rowsText(instance, this.columns), this.#lowText].join(';\n');
    this.#boundText = boundText(changeTable);
  }

  /**
   * One round trip: the commit times of the window's transactions, its rows by the complete key, and the low-water
   * mark after them. The times come first, so that rows can leave as they arrive.
   */
  page({ cursor, to, rows }: Page): Statement {
    return {
      text: this.#pageText,
      parameters: [
        intParameter('n', rows + cursor.skip),
        lsnParameter('from', cursor.lsn),
        lsnParameter('to', to),
        lsnParameter('seqval', cursor.seqval),
        // The row of the cursor itself is wanted again; `>` is the form that every index knows to seek by.
        intParameter('operation', cursor.operation - 1),
      ],
    };
  }

  /**
   * The start LSN of the `rows`-th row from `from` on: a window that ends there holds about so many rows and only
   * whole transactions. The functions sort a window as a whole, so a backlog must not be one window.
   */
  bound(from: Lsn, to: Lsn, rows: number): Statement {
    const parameters = [intParameter('n', rows), lsnParameter('from', from), lsnParameter('to', to)];
    return { text: this.#boundText, parameters };
  }

  lowWaterMark(): Statement {
    return { text: this.#lowText, parameters: [] };
  }
}

/**
 * `tran_end_time` is in the server's local zone; the zone's distance from UTC comes along. Driven by the LSNs of the
 * window's own rows, because between two of them any number of other transactions may lie.
 */
function timesText(changeTable: string): string {
  return (
    'SELECT TOP (@n) m.[start_lsn], m.[tran_end_time], DATEDIFF(minute, GETDATE(), GETUTCDATE()) AS [utc]\n' +
    'FROM [cdc].[lsn_time_mapping] AS m\n' +
    'WHERE m.[start_lsn] >= @from AND m.[start_lsn] <= @to\n' +
    `  AND EXISTS (SELECT 1 FROM ${changeTable} AS c WHERE c.[__$start_lsn] = m.[start_lsn])\n` +
    'ORDER BY m.[start_lsn]'
  );
}

function rowsText(instance: CaptureInstance, columns: readonly SelectedColumn[]): string {
  const list = columns.map(({ name, expression }) =>
    expression === quoteName(name) ? expression : `${expression} AS ${quoteName(name)}`,
  );
  return (
    `SELECT TOP (@n) ${[...leadingColumns.map(quoteName), ...list].join(', ')}\n` +
    `FROM [cdc].${quoteName(`fn_cdc_get_all_changes_${instance.name}`)}(@from, @to, N'all update old')\n` +
    'WHERE [__$start_lsn] > @from OR ([__$start_lsn] = @from AND ([__$seqval] > @seqval OR\n' +
    '  ([__$seqval] = @seqval AND [__$operation] > @operation)))\n' +
    'ORDER BY [__$start_lsn], [__$seqval], [__$operation]'
  );
}

function boundText(changeTable: string): string {
  return (
    'SELECT MAX(t.[__$start_lsn]) AS [bound] FROM (\n' +
    `  SELECT TOP (@n) [__$start_lsn] FROM ${changeTable}\n` +
    '  WHERE [__$start_lsn] >= @from AND [__$start_lsn] <= @to ORDER BY [__$start_lsn]) AS t'
  );
}
