/** Which conversions exist ("CAST and CONVERT", chart of implicit and explicit conversions). */
import type { SqlType, SqlTypeName } from '../../interface/engine-session.ts';
import type { SqlError } from '../../errors/sql-error.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { familyOf, isCharacter, isNumeric } from './type-facts.ts';

type Allowed = 'implicit' | 'explicit' | 'no';

const shortCharacter: ReadonlySet<SqlTypeName> = new Set(['char', 'varchar', 'nchar', 'nvarchar']);
const shortBinary: ReadonlySet<SqlTypeName> = new Set(['binary', 'varbinary']);
const oldMoments: ReadonlySet<SqlTypeName> = new Set(['datetime', 'smalldatetime']);

/** How a value of `from` may become one of `to`. */
export function conversionBetween(from: SqlType, to: SqlType): Allowed {
  if (from.name === to.name) return 'implicit';
  if (from.name === 'sql_variant' || to.name === 'sql_variant') return variant(from, to);
  if (familyOf(from) === 'opaque' || familyOf(to) === 'opaque') return opaque(from, to);
  if (from.name === 'xml' || to.name === 'xml') return xml(from, to);
  if (isLarge(from.name) || isLarge(to.name)) return large(from, to);
  if (from.name === 'timestamp' || to.name === 'timestamp') return timestamp(from, to);
  if (isNumeric(from)) return fromNumber(from, to);
  if (familyOf(from) === 'moment') return fromMoment(from, to);
  if (familyOf(from) === 'binary') return fromBinary(to);
  if (familyOf(from) === 'guid') return isCharacter(to) || familyOf(to) === 'binary' ? 'implicit' : 'no';
  return familyOf(to) === 'binary' ? 'explicit' : 'implicit';
}

const isLarge = (name: SqlTypeName): boolean => name === 'text' || name === 'ntext' || name === 'image';

function variant(from: SqlType, to: SqlType): Allowed {
  const other = from.name === 'sql_variant' ? to : from;
  if (isLarge(other.name) || other.name === 'xml' || other.name === 'timestamp' || other.length === 'max')
    return 'no';
  if (familyOf(other) === 'opaque') return 'no';
  return to.name === 'sql_variant' ? 'implicit' : 'explicit';
}

function opaque(from: SqlType, to: SqlType): Allowed {
  if (shortCharacter.has(from.name)) return 'implicit';
  const short = [from.name, to.name].some((name) => shortBinary.has(name) || shortCharacter.has(name));
  return short ? 'explicit' : 'no';
}

function xml(from: SqlType, to: SqlType): Allowed {
  const other = from.name === 'xml' ? to : from;
  if (!shortCharacter.has(other.name) && !shortBinary.has(other.name)) return 'no';
  return to.name === 'xml' ? 'implicit' : 'explicit';
}

function large(from: SqlType, to: SqlType): Allowed {
  if (from.name === 'image' || to.name === 'image') {
    const other = from.name === 'image' ? to : from;
    return shortBinary.has(other.name) || other.name === 'timestamp' ? 'implicit' : 'no';
  }
  const other = isLarge(from.name) ? to : from;
  return shortCharacter.has(other.name) || isLarge(other.name) ? 'implicit' : 'no';
}

function timestamp(from: SqlType, to: SqlType): Allowed {
  const other = from.name === 'timestamp' ? to : from;
  if (other.name === 'nchar' || other.name === 'nvarchar') return 'no';
  if (shortBinary.has(other.name)) return 'implicit';
  if (familyOf(other) === 'float' || familyOf(other) === 'guid') return 'no';
  if (familyOf(other) === 'moment') return oldMoments.has(other.name) ? 'implicit' : 'no';
  return from.name === 'timestamp' && isCharacter(other)
    ? 'implicit'
    : isCharacter(other)
      ? 'explicit'
      : 'implicit';
}

function fromNumber(from: SqlType, to: SqlType): Allowed {
  if (isNumeric(to)) return 'implicit';
  if (isCharacter(to)) return familyOf(from) === 'money' ? 'explicit' : 'implicit';
  if (familyOf(to) === 'binary') return familyOf(from) === 'float' ? 'explicit' : 'implicit';
  return oldMoments.has(to.name) ? 'implicit' : 'no';
}

function fromMoment(from: SqlType, to: SqlType): Allowed {
  if (isCharacter(to)) return 'implicit';
  if (familyOf(to) === 'binary') return 'explicit';
  if (familyOf(to) === 'guid') return 'no';
  if (isNumeric(to)) return oldMoments.has(from.name) ? 'explicit' : 'no';
  return (from.name === 'date' && to.name === 'time') || (from.name === 'time' && to.name === 'date')
    ? 'no'
    : 'implicit';
}

function fromBinary(to: SqlType): Allowed {
  if (familyOf(to) === 'float') return 'no';
  if (familyOf(to) === 'moment') return oldMoments.has(to.name) ? 'implicit' : 'explicit';
  return 'implicit';
}

/** Why an assignment, comparison or parameter of these types is refused: 206 or 257; undefined when it is not. */
export function implicitConversionError(from: SqlType, to: SqlType): SqlError | undefined {
  const allowed = conversionBetween(from, to);
  if (allowed === 'implicit') return undefined;
  return allowed === 'no'
    ? valueErrors.operandTypeClash(from.name, to.name)
    : valueErrors.implicitNotAllowed(from.name, to.name);
}
