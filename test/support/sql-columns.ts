/** Columns of results that the tests of the TDS server send. */
import type { ResultColumn, SqlType } from '../stand-ins/sql-server/src/engine/interface/engine-session.ts';

export function column(type: SqlType, nullable = true): ResultColumn {
  return { name: 'c', type, nullable };
}

export const intColumn: ResultColumn = { name: 'n', type: { name: 'int' }, nullable: false };
