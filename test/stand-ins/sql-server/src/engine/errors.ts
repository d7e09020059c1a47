/**
 * The engine's errors, with the numbers, severities and texts of SQL Server (sys.messages, English; "Database Engine
 * events and errors"). Errors of values (conversion, overflow, division by zero) are `valueErrors`.
 */
import { batchErrors } from './errors/batch-errors.ts';
import { captureErrors } from './errors/capture-errors.ts';
import { databaseErrors } from './errors/database-errors.ts';
import { nameErrors } from './errors/name-errors.ts';
import { queryErrors } from './errors/query-errors.ts';
import { rowErrors } from './errors/row-errors.ts';
import { securityErrors } from './errors/security-errors.ts';
import { syntaxErrors } from './errors/syntax-errors.ts';
import { tableErrors } from './errors/table-errors.ts';

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
