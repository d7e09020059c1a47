/**
 * The engine's errors, with the numbers, severities and texts of SQL Server (sys.messages, English; "Database Engine
 * events and errors"). Errors of values (conversion, overflow, division by zero) are `valueErrors`.
 */
import { batchErrors } from './batch-errors.ts';
import { captureErrors } from './capture-errors.ts';
import { databaseErrors } from './database-errors.ts';
import { nameErrors } from './name-errors.ts';
import { queryErrors } from './query-errors.ts';
import { rowErrors } from './row-errors.ts';
import { securityErrors } from './security-errors.ts';
import { syntaxErrors } from './syntax-errors.ts';
import { tableErrors } from './table-errors.ts';

export const errors = {
  ...syntaxErrors,
  ...nameErrors,
  ...databaseErrors,
  ...tableErrors,
  ...rowErrors,
  ...queryErrors,
  ...batchErrors,
  ...captureErrors,
  ...securityErrors,
} as const;
