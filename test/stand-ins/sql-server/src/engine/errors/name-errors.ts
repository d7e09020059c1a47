/** Names that mean nothing, or too much: variables, objects, columns, functions, procedures, databases. */
import { dotted } from './dotted.ts';
import { sqlError } from './sql-error.ts';

export const nameErrors = {
  undeclared: (name: string) => sqlError(137, `Must declare the scalar variable "${name}".`, 15, 2),
  undeclaredTable: (name: string) => sqlError(1087, `Must declare the table variable "${name}".`, 15, 2),
  declaredTwice: (name: string) =>
    sqlError(
      134,
      `The variable name '${name}' has already been declared. Variable names must be unique within a query batch or stored procedure.`,
      15,
      2,
    ),
  notBoolean: (near: string) =>
    sqlError(
      4145,
      `An expression of non-boolean type specified in a context where a condition is expected, near '${near}'.`,
      15,
    ),
  unknownObject: (name: readonly string[]) => sqlError(208, `Invalid object name '${dotted(name)}'.`),
  unknownColumn: (name: string) => sqlError(207, `Invalid column name '${name}'.`),
  unboundIdentifier: (name: readonly string[]) =>
    sqlError(4104, `The multi-part identifier "${dotted(name)}" could not be bound.`),
  ambiguousColumn: (name: string) => sqlError(209, `Ambiguous column name '${name}'.`),
  duplicateAlias: (name: string) =>
    sqlError(
      1013,
      `The objects "${name}" and "${name}" in the FROM clause have the same exposed names. Use correlation names to distinguish them.`,
    ),
  unknownPrefix: (name: readonly string[]) =>
    sqlError(
      107,
      `The column prefix '${dotted(name)}' does not match with a table name or alias name used in the query.`,
      15,
    ),
  unknownFunction: (name: string) =>
    sqlError(195, `'${name}' is not a recognized built-in function name.`, 15, 10),
  unknownUserFunction: (name: readonly string[]) =>
    sqlError(
      4121,
      `Cannot find either column "${name[0] ?? ''}" or the user-defined function or aggregate "${dotted(name)}", or the name is ambiguous.`,
    ),
  argumentCount: (name: string, count: number) =>
    sqlError(174, `The ${name} function requires ${String(count)} argument(s).`, 15),
  argumentRange: (name: string, least: number, most: number) =>
    sqlError(189, `The ${name} function requires ${String(least)} to ${String(most)} arguments.`, 15),
  unknownMethod: (name: string, type: string) =>
    sqlError(
      6506,
      `Could not find method '${name}' for type '${type}' in assembly 'Microsoft.SqlServer.Types'`,
      16,
      10,
    ),
  otherQualifier: () =>
    sqlError(
      15250,
      'The database name component of the object qualifier must be the name of the current database.',
    ),
  keyTableMissing: () => sqlError(15252, 'The primary or foreign key table name must be given.'),
  unknownProcedure: (name: readonly string[]) =>
    sqlError(2812, `Could not find stored procedure '${dotted(name)}'.`, 16, 62),
} as const;
