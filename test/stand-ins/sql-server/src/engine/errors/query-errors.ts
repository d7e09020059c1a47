/** What a query may not be. */
import { sqlError } from './sql-error.ts';

export const queryErrors = {
  notGrouped: (column: string) =>
    sqlError(
      8120,
      `Column '${column}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.`,
    ),
  aggregateInWhere: () =>
    sqlError(
      147,
      'An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference.',
      15,
    ),
  setOperandCounts: () =>
    sqlError(
      205,
      'All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.',
    ),
  orderByNotInSelect: () =>
    sqlError(145, 'ORDER BY items must appear in the select list if SELECT DISTINCT is specified.', 15),
  orderByNotInUnion: () =>
    sqlError(
      104,
      'ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.',
      15,
    ),
  orderByPosition: (position: number) =>
    sqlError(
      108,
      `The ORDER BY position number ${String(position)} is out of range of the number of items in the select list.`,
      15,
    ),
  orderByInSubquery: () =>
    sqlError(
      1033,
      'The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified.',
      15,
    ),
  subqueryColumns: () =>
    sqlError(
      116,
      'Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.',
    ),
  subqueryRows: () =>
    sqlError(
      512,
      'Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.',
    ),
  columnUnnamed: (index: number, alias: string) =>
    sqlError(8155, `No column name was specified for column ${String(index)} of '${alias}'.`),
  columnsFewer: (alias: string) =>
    sqlError(8158, `'${alias}' has more columns than were specified in the column list.`),
  columnsMore: (alias: string) =>
    sqlError(8159, `'${alias}' has fewer columns than were specified in the column list.`),
  duplicateInDerived: (column: string, alias: string) =>
    sqlError(8156, `The column '${column}' was specified multiple times for '${alias}'.`),
  assignAndReturn: () =>
    sqlError(
      141,
      'A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.',
      15,
    ),
  topNegative: () => sqlError(127, 'A TOP N or FETCH rowcount value may not be negative.', 15),
  fetchPositive: () =>
    sqlError(10744, 'The number of rows provided for a FETCH clause must be greater then zero.', 15),
  offsetNegative: () => sqlError(10742, 'The offset specified in a OFFSET clause may not be negative.', 15),
} as const;
