/** Reads a data type: `decimal(10, 2)`, `nvarchar(max)`, `sysname`. */
import type { SqlType, SqlTypeName } from '../interface/engine-session.ts';
import { errors } from '../errors/errors.ts';
import { isTypeName } from '../values/index.ts';
import type { Name } from './ast.ts';
import type { Cursor } from './cursor.ts';

const SYNONYMS: Readonly<Record<string, SqlType>> = {
  sysname: { name: 'nvarchar', length: 128 },
  integer: { name: 'int' },
  rowversion: { name: 'timestamp' },
  dec: { name: 'decimal' },
  character: { name: 'char' },
};

const PLAIN: readonly SqlTypeName[] = [
  'bit', 'tinyint', 'smallint', 'int', 'bigint', 'real', 'money', 'smallmoney', 'text', 'ntext', 'xml', 'image',
  'timestamp', 'date', 'datetime', 'smalldatetime', 'uniqueidentifier', 'sql_variant', 'hierarchyid', 'geography',
  'geometry',
]; // prettier-ignore
const SIZED: readonly SqlTypeName[] = ['char', 'varchar', 'nchar', 'nvarchar', 'binary', 'varbinary'];
const FRACTIONS: readonly SqlTypeName[] = ['time', 'datetime2', 'datetimeoffset'];

const isIn = (list: readonly SqlTypeName[], name: string): name is SqlTypeName =>
  (list as readonly string[]).includes(name);

/** `defaultLength` of a sized type without one: 1 in a declaration, 30 in CAST and CONVERT. */
export function parseType(cursor: Cursor, defaultLength = 1): SqlType {
  const line = cursor.line;
  if (cursor.sees('SYS', '.')) cursor.expect('SYS', '.');
  const written = cursor.anyName();
  const name = written.toLowerCase();
  if (name === 'double' && cursor.accept('PRECISION')) return { name: 'float' };
  const synonym = SYNONYMS[name];
  if (synonym !== undefined && synonym.name === 'nvarchar') return synonym;
  const base = synonym?.name ?? name;
  if (isIn(PLAIN, base)) return plain(cursor, base);
  if (isIn(SIZED, base)) return sized(cursor, base, defaultLength);
  if (isIn(FRACTIONS, base)) return { name: base, scale: numbers(cursor)[0] ?? 7 };
  if (base === 'float') return (numbers(cursor)[0] ?? 53) <= 24 ? { name: 'real' } : { name: 'float' };
  if (base === 'decimal' || base === 'numeric') {
    const [precision = 18, scale = 0] = numbers(cursor);
    return { name: base, precision, scale };
  }
  throw errors.unknownType(written, line);
}

/** The type of a column: one of the system, or the name of an alias type. */
export function parseColumnType(cursor: Cursor): { readonly type: SqlType } | { readonly alias: Name } {
  const ofSystem = cursor.sees('SYS', '.');
  const known = ofSystem || cursor.sees('DOUBLE', 'PRECISION') || isTypeName(cursor.current.text);
  const isName = cursor.peek(1).upper === '.' && !ofSystem;
  return known && !isName ? { type: parseType(cursor) } : { alias: cursor.dottedName() };
}

function plain(cursor: Cursor, name: SqlTypeName): SqlType {
  if (name === 'xml' && cursor.sees('(')) cursor.fail();
  return { name };
}

function sized(cursor: Cursor, name: SqlTypeName, defaultLength: number): SqlType {
  cursor.accept('VARYING');
  if (cursor.sees('(', 'MAX', ')')) {
    cursor.expect('(', 'MAX', ')');
    return { name, length: 'max' };
  }
  return { name, length: numbers(cursor)[0] ?? defaultLength };
}

function numbers(cursor: Cursor): number[] {
  if (!cursor.sees('(')) return [];
  return cursor.list(() => {
    if (cursor.current.kind !== 'integer') cursor.fail();
    return Number(cursor.next().text);
  });
}
