/** INSERT … EXEC: results are kept for the INSERT, messages go to the client at once. */
import type { ExecutedResult } from '../dml/insert.ts';
import type { Values } from '../storage/row.ts';
import type { Replying } from './replies.ts';

export function* insertExecuted(
  executing: Replying,
  insert: (results: readonly ExecutedResult[]) => Replying,
): Replying {
  const results: { columns: ExecutedResult['columns']; rows: Values[] }[] = [];
  for (const reply of executing) {
    if (reply.kind === 'columns') results.push({ columns: reply.columns, rows: [] });
    else if (reply.kind === 'row') results.at(-1)?.rows.push(reply.values);
    else if (reply.kind === 'wait' || reply.kind === 'message') yield reply;
  }
  yield* insert(results);
}
