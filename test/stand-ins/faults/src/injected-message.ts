/** SQL Server's messages that faults answer with. A number without a text of its own says that it was injected. */
import type { SqlMessage } from '@dstream/stand-in-sql-server';

type Known = readonly [severity: number, state: number, message: string];

/** Texts and severities of sys.messages, and of "Resource governance errors" and "Transient errors" for Azure SQL. */
const known: ReadonlyMap<number, Known> = new Map<number, Known>([
  [208, [16, 1, "Invalid object name 'injected'."]],
  [
    229,
    [14, 5, "The SELECT permission was denied on the object 'injected', database 'injected', schema 'cdc'."],
  ],
  [
    313,
    [
      16,
      3,
      'An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_all_changes_ ... .',
    ],
  ],
  [
    1205,
    [
      13,
      51,
      'Transaction (Process ID 51) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.',
    ],
  ],
  [1222, [16, 51, 'Lock request time out period exceeded.']],
  [4060, [11, 1, 'Cannot open database "injected" requested by the login. The login failed.']],
  [10928, [16, 1, 'Resource ID: 1. The request limit for the database is 0 and has been reached.']],
  [10929, [16, 1, 'Resource ID: 1. The server is currently too busy to support requests.']],
  [18456, [14, 1, 'Login failed.']],
  [40197, [17, 1, 'The service has encountered an error processing your request. Please try again.']],
  [40501, [20, 1, 'The service is currently busy. Retry the request after 10 seconds.']],
  [40613, [14, 1, 'Database is not currently available. Please retry the connection later.']],
]);

export interface MessageWish {
  readonly number: number;
  readonly severity?: number | undefined;
  readonly message?: string | undefined;
}

export function injectedMessage({ number, severity, message }: MessageWish): SqlMessage {
  const [usual, state, text] = known.get(number) ?? [16, 1, `Error ${number} was injected by a fault.`];
  return { number, severity: severity ?? usual, state, message: message ?? text, line: 1 };
}
