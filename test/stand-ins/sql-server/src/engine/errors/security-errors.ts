/** Principals that are not there, and what they may not do. */
import { sqlError } from './sql-error.ts';

export const securityErrors = {
  permissionDenied: (permission: string, object: string, database: string, schema: string) =>
    sqlError(
      229,
      `The ${permission} permission was denied on the object '${object}', database '${database}', schema '${schema}'.`,
      14,
      5,
    ),
  databasePermissionDenied: (permission: string, database: string) =>
    sqlError(262, `${permission} permission denied in database '${database}'.`, 14, 1),
  serverPermissionDenied: (permission: string) =>
    sqlError(300, `${permission} permission was denied on object 'server', database 'master'.`, 14, 1),
  databaseNotAccessible: (login: string, database: string) =>
    sqlError(
      916,
      `The server principal "${login}" is not able to access the database "${database}" under the current security context.`,
      14,
      2,
    ),
  cannotAlterObject: (name: readonly string[]) =>
    sqlError(
      1088,
      `Cannot find the object "${name.join('.')}" because it does not exist or you do not have permissions.`,
      16,
      13,
    ),
  actionNotPermitted: () => sqlError(15247, 'User does not have permission to perform this action.'),
  captureNotAuthorised: () =>
    sqlError(
      22904,
      'Caller is not authorized to initiate the requested action. DBO privileges are required.',
    ),
  principalMissing: (what: string, name: string) =>
    sqlError(
      15151,
      `Cannot find the ${what} '${name}', because it does not exist or you do not have permission.`,
    ),
  principalExists: (name: string) =>
    sqlError(15023, `User, group, or role '${name}' already exists in the current database.`),
  loginExists: (name: string) => sqlError(15025, `The server principal '${name}' already exists.`),
  loginInvalid: (name: string) =>
    sqlError(15007, `'${name}' is not a valid login or you do not have permission.`),
} as const;
