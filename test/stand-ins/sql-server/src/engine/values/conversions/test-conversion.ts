/** For unit tests: conversions with types as SQL writes them. */
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import { convertValue } from './convert-value.ts';
import { sqlTypeOf } from '../basic/sql-type-of.ts';

/** `decimal(10,2)`, `varchar(30)`, `nvarchar(max)`. */
export function type(text: string): SqlType {
  const [name = '', args = ''] = text.replace(')', '').split('(');
  const parsed = args === '' ? [] : args.split(',').map((arg) => (arg === 'max' ? 'max' : Number(arg)));
  return sqlTypeOf(name, parsed, 'cast');
}

export const text = (value: string, to: string, style?: number): SqlValue =>
  convertValue(value, type('varchar(max)'), type(to), style);

/** Reads the text as `from`, then writes it as varchar in a style. */
export const through = (value: string, from: string, style?: number): SqlValue =>
  convertValue(text(value, from), type(from), type('varchar(60)'), style);
