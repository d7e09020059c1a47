/** Converts a value for a column as INSERT and UPDATE do: what does not fit is an error (2628), not cut. */
import type { SqlType, SqlValue } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import type { Column } from '../storage/table.ts';
import { converter, implicitConversionError, isBinary, isCharacter } from '../values/index.ts';

export type Store = (value: SqlValue) => SqlValue;

/** `table` as messages name it: database.schema.table. */
export function storer(from: SqlType, column: Column, table: string): Store {
  const refused = implicitConversionError(from, column.type);
  if (refused !== undefined) throw refused;
  const convert = converter(from, column.type);
  const { length } = column.type;
  if (typeof length !== 'number') return convert;
  if (isCharacter(column.type) && isCharacter(from)) {
    return (value) => {
      if (typeof value === 'string' && value.length > length && value.trimEnd().length > length) {
        throw errors.truncated(table, column.name, value.slice(0, length));
      }
      return convert(value);
    };
  }
  if (!isBinary(column.type) || !isBinary(from)) return convert;
  return (value) => {
    if (value instanceof Uint8Array && value.length > length) throw errors.truncated(table, column.name, '');
    return convert(value);
  };
}
