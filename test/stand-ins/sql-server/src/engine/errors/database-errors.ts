/** Databases and schemas: what is not there, is there already, or is closed. */
import { sqlError } from './sql-error.ts';

export const databaseErrors = {
  unknownDatabase: (name: string) =>
    sqlError(911, `Database '${name}' does not exist. Make sure that the name is entered correctly.`),
  collationInvalid: (name: string) => sqlError(448, `Invalid collation '${name}'.`),
  databaseExists: (name: string) =>
    sqlError(1801, `Database '${name}' already exists. Choose a different database name.`, 16, 3),
  databaseOffline: (name: string) =>
    sqlError(942, `Database '${name}' cannot be opened because it is offline.`, 14, 4),
  databaseReadOnly: (name: string) =>
    sqlError(3906, `Failed to update database "${name}" because the database is read-only.`, 16, 1),
  databaseInUse: (name: string) =>
    sqlError(3702, `Cannot drop database "${name}" because it is currently in use.`, 16, 3),
  cannotDropDatabase: (name: string) =>
    sqlError(
      3701,
      `Cannot drop the database '${name}', because it does not exist or you do not have permission.`,
      11,
    ),
  objectExists: (name: string) =>
    sqlError(2714, `There is already an object named '${name}' in the database.`, 16, 6),
  schemaMissing: (name: string) =>
    sqlError(
      2760,
      `The specified schema name "${name}" either does not exist or you do not have permission to use it.`,
    ),
  schemaNotEmpty: (schema: string, object: string) =>
    sqlError(3729, `Cannot drop schema '${schema}' because it is being referenced by object '${object}'.`),
  loginFailed: (user: string) => sqlError(18456, `Login failed for user '${user}'.`, 14, 1),
  cannotOpen: (database: string) =>
    sqlError(4060, `Cannot open database "${database}" requested by the login. The login failed.`, 11, 1),
} as const;
