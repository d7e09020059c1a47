/** Transactions, locks, control of flow and calls of procedures. */
import { sqlError } from './sql-error.ts';

export const batchErrors = {
  noBeginForCommit: () =>
    sqlError(3902, 'The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.'),
  noBeginForRollback: () =>
    sqlError(3903, 'The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.'),
  noBeginForSave: () =>
    sqlError(628, 'Cannot issue SAVE TRANSACTION when there is no active transaction.', 16, 0),
  unknownSavepoint: (name: string) =>
    sqlError(6401, `Cannot roll back ${name}. No transaction or savepoint of that name was found.`),
  uncommittable: () =>
    sqlError(
      3930,
      'The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.',
    ),
  notInTransaction: (what: string) =>
    sqlError(226, `${what} statement not allowed within multi-statement transaction.`, 16, 6),
  lockTimeout: () => sqlError(1222, 'Lock request time out period exceeded.', 16, 51),
  deadlock: (spid: number) =>
    sqlError(
      1205,
      `Transaction (Process ID ${String(spid)}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.`,
      13,
      51,
    ),
  delaySyntax: (delay: string) =>
    sqlError(148, `Incorrect time syntax in time string '${delay}' used with WAITFOR.`, 15),
  throwOutsideCatch: () =>
    sqlError(
      10704,
      'To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a CATCH block, or add error parameters to the THROW statement.',
      15,
    ),
  throwNumber: (number: number) =>
    sqlError(
      35100,
      `Error number ${String(number)} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647.`,
      16,
      10,
    ),
  missingParameter: (procedure: string, name: string) =>
    sqlError(
      201,
      `Procedure or function '${procedure}' expects parameter '${name}', which was not supplied.`,
      16,
      4,
    ),
  writesUnderRowCount: () =>
    sqlError(
      50_000,
      'SET ROWCOUNT limits only queries on this server. Write TOP (n) in what is to be written.',
    ),
  missingExecuteParameter: (name: string) =>
    sqlError(8178, `The parameterized query expects the parameter '${name}', which was not supplied.`),
  unknownParameter: (procedure: string, name: string) =>
    sqlError(8145, `${name} is not a parameter for procedure ${procedure}.`, 16, 2),
  tooManyArguments: (procedure: string) =>
    sqlError(8144, `Procedure or function ${procedure} has too many arguments specified.`, 16, 2),
  parameterNotDeduced: (name: string) =>
    sqlError(11502, `The type for parameter '${name}' cannot be deduced in this context.`),
  parameterTwice: (name: string) =>
    sqlError(11508, `The undeclared parameter '${name}' is used more than once in the batch being analyzed.`),
  statementType: () =>
    sqlError(214, `Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.`, 16, 2),
} as const;
