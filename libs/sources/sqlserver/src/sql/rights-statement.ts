/** What a reader lacks ("HAS_PERMS_BY_NAME", "IS_MEMBER", "Capture and Other Data Roles"). */
import { nameParameter, type Statement } from './statement.ts';

/**
 * Whether we may read the schema cdc, and the table. A question to the catalogue of CDC does not help: it is in that schema.
 */
export function rightsStatement(schema: string, table: string): Statement {
  return {
    text:
      "SELECT HAS_PERMS_BY_NAME(N'cdc', N'SCHEMA', N'SELECT') AS [cdc],\n" +
      "  HAS_PERMS_BY_NAME(QUOTENAME(@schema) + N'.' + QUOTENAME(@table), N'OBJECT', N'SELECT') AS [table]",
    parameters: [nameParameter('schema', schema), nameParameter('table', table)],
  };
}

/** The gating role of a capture instance, NULL without one, and whether we are in it. */
export function gatingRoleStatement(captureInstance: string): Statement {
  return {
    text:
      'SELECT c.[role_name], IS_MEMBER(c.[role_name]) AS [member]\n' +
      'FROM [cdc].[change_tables] AS c WHERE c.[capture_instance] = @instance',
    parameters: [nameParameter('instance', captureInstance)],
  };
}
