/** `__$command_id`, which direct mode orders by: change tables that an older SQL Server made do not have it. */
import { DStreamError, type CallOptions } from '@dstream/core';
import { invalidColumn } from '../client/sql-errors.ts';
import type { SqlClient } from '../client/sql-client.ts';
import { sqlNumbers } from '../client/translate-error.ts';
import { commandIdStatement } from '../sql/command-id-statement.ts';

export async function lacksCommandId(
  client: SqlClient,
  captureInstance: string,
  o: CallOptions,
): Promise<boolean> {
  try {
    await client.query(commandIdStatement(captureInstance), o);
    return false;
  } catch (error) {
    if (sqlNumbers(error).includes(invalidColumn)) return true;
    throw error;
  }
}

export function notDirect(name: string, captureInstance: string, cause: DStreamError): DStreamError {
  return new DStreamError(
    'TableNotCaptured',
    `the change table of the capture instance ${captureInstance} of ${name} has no __$command_id: it was made by an older SQL Server ` +
      'and cannot be read directly; set read.mode to "functions", or add a second capture instance and drop this one when it was read to its end',
    { cause },
  );
}
