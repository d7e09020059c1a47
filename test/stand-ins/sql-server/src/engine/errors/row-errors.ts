/** What rows may not be, and what INSERT and UPDATE may not set. */
import { sqlError } from './sql-error.ts';

export const rowErrors = {
  mergeTwice: () =>
    sqlError(
      8672,
      'The MERGE statement attempted to UPDATE or DELETE the same row more than once. This happens when a target row matches more than one source row. A MERGE statement cannot UPDATE/DELETE the same row of the target table multiple times. Refine the ON clause to ensure a target row matches at most one source row, or use the GROUP BY clause to group the source rows.',
    ),
  duplicateKey: (constraint: string, primary: boolean, table: string, values: string) =>
    sqlError(
      2627,
      `Violation of ${primary ? 'PRIMARY' : 'UNIQUE'} KEY constraint '${constraint}'. Cannot insert duplicate key in object '${table}'. The duplicate key value is (${values}).`,
      14,
    ),
  duplicateIndexKey: (index: string, table: string, values: string) =>
    sqlError(
      2601,
      `Cannot insert duplicate key row in object '${table}' with unique index '${index}'. The duplicate key value is (${values}).`,
      14,
    ),
  duplicateInData: (index: string, table: string, values: string) =>
    sqlError(
      1505,
      `The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name '${table}' and the index name '${index}'. The duplicate key value is (${values}).`,
    ),
  constraintConflict: (
    verb: string,
    kind: string,
    constraint: string,
    database: string,
    table: string,
    column?: string,
  ) =>
    sqlError(
      547,
      `The ${verb} statement conflicted with the ${kind} constraint "${constraint}". The conflict occurred in database "${database}", table "${table}"${column === undefined ? '' : `, column '${column}'`}.`,
      16,
      0,
    ),
  nullInsert: (column: string, table: string, verb: string) =>
    sqlError(
      515,
      `Cannot insert the value NULL into column '${column}', table '${table}'; column does not allow nulls. ${verb} fails.`,
      16,
      2,
    ),
  truncated: (table: string, column: string, value: string) =>
    sqlError(
      2628,
      `String or binary data would be truncated in table '${table}', column '${column}'. Truncated value: '${value}'.`,
    ),
  identityInsertOff: (table: string) =>
    sqlError(
      544,
      `Cannot insert explicit value for identity column in table '${table}' when IDENTITY_INSERT is set to OFF.`,
    ),
  identityInsertMissing: (table: string) =>
    sqlError(
      545,
      `Explicit value must be specified for identity column in table '${table}' either when IDENTITY_INSERT is set to ON or when a replication user is inserting into a NOT FOR REPLICATION identity column.`,
    ),
  identityUpdate: (column: string) => sqlError(8102, `Cannot update identity column '${column}'.`),
  noIdentity: (table: string) =>
    sqlError(8106, `Table '${table}' does not have the identity property. Cannot perform SET operation.`),
  identityInsertElsewhere: (held: string, wanted: string) =>
    sqlError(
      8107,
      `IDENTITY_INSERT is already ON for table '${held}'. Cannot perform SET operation for table '${wanted}'.`,
    ),
  identityList: (table: string) =>
    sqlError(
      8101,
      `An explicit value for the identity column in table '${table}' can only be specified when a column list is used and IDENTITY_INSERT is ON.`,
    ),
  timestampInsert: () =>
    sqlError(
      273,
      'Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the timestamp column, or insert a DEFAULT into the timestamp column.',
    ),
  timestampUpdate: () => sqlError(272, 'Cannot update a timestamp column.'),
  computedChange: (column: string) =>
    sqlError(
      271,
      `The column "${column}" cannot be modified because it is either a computed column or is the result of a UNION operator.`,
    ),
  fewerValues: () =>
    sqlError(
      109,
      'There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
      15,
    ),
  moreValues: () =>
    sqlError(
      110,
      'There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.',
      15,
    ),
  selectListLess: () =>
    sqlError(
      120,
      'The select list for the INSERT statement contains fewer items than the insert list. The number of SELECT values must match the number of INSERT columns.',
      15,
    ),
  selectListMore: () =>
    sqlError(
      121,
      'The select list for the INSERT statement contains more items than the insert list. The number of SELECT values must match the number of INSERT columns.',
      15,
    ),
  insertCountMismatch: () =>
    sqlError(213, 'Column name or number of supplied values does not match table definition.'),
  outputOfExecute: () => sqlError(483, 'The OUTPUT clause cannot be used in an INSERT...EXEC statement.'),
  columnTwice: (column: string) =>
    sqlError(
      264,
      `The column name '${column}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code.`,
    ),
  valuesRowsDiffer: () =>
    sqlError(10709, 'The number of columns for each row in a table value constructor must be the same.'),
  systemTable: () => sqlError(259, 'Ad hoc updates to system catalogs are not allowed.'),
} as const;
