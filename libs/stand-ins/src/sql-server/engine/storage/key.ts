/** Turns a value into something that a Map finds again: equal values (as SQL Server compares them) have equal keys. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue } from '../engine-session.ts';

/**
 * Text compares without regard to case and to blanks at its end (SQL_Latin1_General_CP1_CI_AS); NULL equals NULL,
 * as in unique indexes, GROUP BY and DISTINCT.
 */
export function collationKey(value: SqlValue, type: SqlType): string | number {
  if (value === null) return '\u0001null';
  switch (typeof value) {
    case 'number':
      return value;
    case 'string':
      return textKey(value);
    case 'bigint':
      return value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : String(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'function':
    case 'object':
    case 'symbol':
    case 'undefined':
    default:
      return objectKey(value, type);
  }
}

export function textKey(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  return (end === text.length ? text : text.slice(0, end)).toLowerCase();
}

function objectKey(
  value: Exclude<SqlValue, null | number | string | bigint | boolean>,
  type: SqlType,
): string {
  if (value instanceof Uint8Array) return `\u0002${Buffer.from(value).toString('latin1')}`;
  if ('unscaled' in value) return `\u0003${decimalKey(value)}`;
  if ('ticks' in value) return `\u0004${momentKey(value)}`;
  return `\u0005${type.name}${String(collationKey(value.value, value.type))}`;
}

function decimalKey(value: SqlDecimal): string {
  let { unscaled, scale } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  return `${String(unscaled)}e${String(scale)}`;
}

const momentKey = (value: SqlMoment): string => `${String(value.days)}:${String(value.ticks)}`;
