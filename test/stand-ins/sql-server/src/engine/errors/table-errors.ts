/** What CREATE, ALTER, DROP and TRUNCATE of tables and indexes refuse. */
import { dotted } from './dotted.ts';
import { sqlError } from './sql-error.ts';

export const tableErrors = {
  tooManyColumns: (column: string, table: string) =>
    sqlError(
      1702,
      `CREATE TABLE failed because column '${column}' in table '${table}' exceeds the maximum of 1024 columns.`,
    ),
  typeExists: (name: string) =>
    sqlError(219, `The type '${name}' already exists, or you do not have permission to create it.`),
  typeInUse: (type: string, table: string) =>
    sqlError(
      3732,
      `Cannot drop type '${type}' because it is being referenced by object '${table}'. There may be other objects that reference this type.`,
    ),
  cannotDrop: (what: string, name: readonly string[]) =>
    sqlError(
      3701,
      `Cannot drop the ${what} '${dotted(name)}', because it does not exist or you do not have permission.`,
      11,
      5,
    ),
  cannotFind: (name: readonly string[]) =>
    sqlError(
      4902,
      `Cannot find the object "${dotted(name)}" because it does not exist or you do not have permissions.`,
    ),
  cannotFindToTruncate: (name: readonly string[]) =>
    sqlError(
      4701,
      `Cannot find the object "${dotted(name)}" because it does not exist or you do not have permissions.`,
    ),
  truncateCaptured: (name: string) =>
    sqlError(
      4711,
      `Cannot truncate table '${name}' because it is published for replication or enabled for Change Data Capture.`,
    ),
  truncateReferenced: (name: string) =>
    sqlError(
      4712,
      `Cannot truncate table '${name}' because it is being referenced by a FOREIGN KEY constraint.`,
    ),
  dropReferenced: (name: string) =>
    sqlError(3726, `Could not drop object '${name}' because it is referenced by a FOREIGN KEY constraint.`),
  duplicateColumn: (column: string, table: string) =>
    sqlError(
      2705,
      `Column names in each table must be unique. Column name '${column}' in table '${table}' is specified more than once.`,
      16,
      3,
    ),
  alterColumnMissing: (column: string, table: string) =>
    sqlError(
      4924,
      `ALTER TABLE ALTER COLUMN failed because column '${column}' does not exist in table '${table}'.`,
    ),
  dropColumnMissing: (column: string, table: string) =>
    sqlError(
      4924,
      `ALTER TABLE DROP COLUMN failed because column '${column}' does not exist in table '${table}'.`,
    ),
  columnInUse: (column: string, by: string) =>
    sqlError(5074, `The object '${by}' is dependent on column '${column}'.`),
  addNotNull: (column: string, table: string) =>
    sqlError(
      4901,
      `ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified, or the column being added is an identity or timestamp column, or alternatively if none of the previous conditions are satisfied the table must be empty to allow addition of this column. Column '${column}' cannot be added to non-empty table '${table}' because it does not satisfy these conditions.`,
    ),
  indexExists: (name: string, table: string) =>
    sqlError(
      1913,
      `The operation failed because an index or statistics with name '${name}' already exists on table '${table}'.`,
    ),
  dropConstraintIndex: (table: string, name: string) =>
    sqlError(
      3723,
      `An explicit DROP INDEX is not allowed on index '${table}.${name}'. It is being used for PRIMARY KEY constraint enforcement.`,
      16,
      4,
    ),
  notConstraint: (name: string) => sqlError(3728, `'${name}' is not a constraint.`),
  severalPrimaryKeys: (table: string) =>
    sqlError(1779, `Table '${table}' already has a primary key defined on it.`, 16, 0),
  primaryKeyNullable: (table: string) =>
    sqlError(8111, `Cannot define PRIMARY KEY constraint on nullable column in table '${table}'.`),
  constraintColumnMissing: (column: string) =>
    sqlError(1911, `Column name '${column}' does not exist in the target table or view.`),
  noReferencedKey: (table: string, constraint: string) =>
    sqlError(
      1776,
      `There are no primary or candidate keys in the referenced table '${table}' that match the referencing column list in the foreign key '${constraint}'.`,
      16,
      0,
    ),
  foreignTableMissing: (constraint: string, table: string) =>
    sqlError(1767, `Foreign key '${constraint}' references invalid table '${table}'.`, 16, 0),
} as const;
