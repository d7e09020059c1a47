import { quoteName } from './quote.ts';
import type { Statement } from './statement.ts';

/** No rows, and 207 when the change table has no such column. */
export function commandIdStatement(captureInstance: string): Statement {
  const text = `SELECT TOP (0) [__$command_id] FROM [cdc].${quoteName(`${captureInstance}_CT`)}`;
  return { text, parameters: [] };
}
