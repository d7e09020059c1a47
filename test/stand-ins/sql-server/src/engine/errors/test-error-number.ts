/** For unit tests: the number of the error that something throws. Other errors are thrown on. */
import { SqlError } from './sql-error.ts';

export function errorNumber(act: () => unknown): number | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof SqlError) return error.number;
    throw error;
  }
}
