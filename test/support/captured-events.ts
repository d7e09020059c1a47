/** Reads what was captured of a table, through the source that the product uses. */
import type { ChangeEvent } from '@dstream/core';
import { tableOf } from './captured-database.ts';
import { changesOf } from './source-reading.ts';
import type { SourceChoice, SqlServerDatabase } from './sql-server-database.ts';

/** The first `count` changes of a table from its earliest on. */
export async function capturedEvents(
  database: SqlServerDatabase,
  table: string,
  count: number,
  choice: SourceChoice = {},
): Promise<readonly ChangeEvent[]> {
  await using source = database.open([table], choice);
  const events: ChangeEvent[] = [];
  const signal = AbortSignal.timeout(60_000);
  for await (const batch of source.read(await tableOf(source, table), undefined, { signal })) {
    events.push(...changesOf([batch]));
    if (events.length >= count) break;
  }
  return events;
}
