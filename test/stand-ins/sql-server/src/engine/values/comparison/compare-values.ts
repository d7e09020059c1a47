/**
 * Order of values of one type. Character data compares as Latin1_General_CI_AS does: without case, with accents,
 * trailing blanks ignored; equality is exact on the folded text, order between different texts follows the alphabet.
 */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue, SqlVariant } from '../../interface/engine-session.ts';
import { converter } from '../conversions/convert-value.ts';
import { commonType } from '../basic/common-type.ts';
import { compareDecimals } from '../basic/decimal.ts';
import { compareGuids } from '../basic/guid-bytes.ts';
import { comparePrecedence, familyOf, plainFamilyOf } from '../basic/type-facts.ts';

export interface CompareOptions {
  /** As a database with a CS collation does. */
  readonly caseSensitive?: boolean;
  /** As a BIN or BIN2 collation does: by UTF-16 units. */
  readonly binary?: boolean;
}

export type Compare = (a: SqlValue, b: SqlValue) => number;

/** −1, 0 or 1. NULL comes first and equals NULL, as in ORDER BY and GROUP BY. */
export function compareValues(a: SqlValue, b: SqlValue, type: SqlType, options: CompareOptions = {}): number {
  return comparer(type, options)(a, b);
}

/** Picks the comparison once, for use on every row. */
export function comparer(type: SqlType, options: CompareOptions = {}): Compare {
  const compare = pick(type, options);
  return (a, b) => {
    if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
    return compare(a, b);
  };
}

function pick(type: SqlType, options: CompareOptions): Compare {
  switch (plainFamilyOf(type)) {
    case 'bit':
      return (a, b) => Number(a) - Number(b);
    case 'integer':
    case 'float':
      return (a, b) => ((a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0);
    case 'decimal':
    case 'money':
      return (a, b) => compareDecimals(a as SqlDecimal, b as SqlDecimal);
    case 'character':
      return (a, b) => compareText(a as string, b as string, options.caseSensitive ?? false, options.binary);
    case 'moment':
      return (a, b) => compareMoments(a as SqlMoment, b as SqlMoment);
    case 'guid':
      return (a, b) => compareGuids(a as string, b as string);
    case 'variant':
      return (a, b) => compareVariants(a as SqlVariant, b as SqlVariant, options);
    default:
      return (a, b) => compareBytes(a as Uint8Array, b as Uint8Array);
  }
}

const trimEnd = (text: string): string => (text.endsWith(' ') ? text.replace(/ +$/, '') : text);

/** What two texts have in common when they are equal. */
export const foldText = (text: string, caseSensitive: boolean): string =>
  caseSensitive ? trimEnd(text) : trimEnd(text).toLowerCase();

const alphabet = new Intl.Collator('en', { sensitivity: 'variant' });

export function compareText(a: string, b: string, caseSensitive: boolean, binary = false): number {
  if (a === b) return 0;
  const left = foldText(a, caseSensitive);
  const right = foldText(b, caseSensitive);
  if (left === right) return 0;
  if (binary) return left < right ? -1 : 1;
  return Math.sign(alphabet.compare(left, right)) || (left < right ? -1 : 1);
}

/** Zeros at the end do not count: 0x01 equals 0x0100. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.max(a.length, b.length);
  for (let i = 0; i < size; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}

/** datetimeoffset compares by instant: both sides are UTC. */
function compareMoments(a: SqlMoment, b: SqlMoment): number {
  if (a.days !== b.days) return a.days < b.days ? -1 : 1;
  return a.ticks < b.ticks ? -1 : a.ticks > b.ticks ? 1 : 0;
}

/** Families of sql_variant, lowest first ("sql_variant": comparing values). */
const variantRanks: Readonly<Partial<Record<string, number>>> = {
  binary: 0,
  guid: 1,
  character: 2,
  bit: 3,
  integer: 3,
  decimal: 3,
  money: 3,
  float: 4,
  moment: 5,
};

/** Values of different families compare by family, those of one family by value in the higher type. */
function compareVariants(a: SqlVariant, b: SqlVariant, options: CompareOptions): number {
  const [left, right] = [variantRanks[familyOf(a.type)] ?? 6, variantRanks[familyOf(b.type)] ?? 6];
  if (left !== right) return left < right ? -1 : 1;
  const type = comparePrecedence(a.type, b.type) === 0 ? a.type : commonType(a.type, b.type);
  return comparer(type, options)(converter(a.type, type)(a.value), converter(b.type, type)(b.value));
}
