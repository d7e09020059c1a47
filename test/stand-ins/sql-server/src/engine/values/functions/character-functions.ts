/** Functions that search text, and those between text and numbers ("String functions"). */
import type { SqlType, SqlValue } from '../../interface/engine-session.ts';
import { decodeCodePage, encodeCodePage } from '../basic/code-page.ts';
import { LIKE_FLAGS, likeSource } from '../basic/like-pattern.ts';
import { bigintType, intType, strict } from './arguments.ts';
import type { ScalarFunction } from './scalar-function.ts';

const placeType =
  (at: number) =>
  (types: readonly SqlType[]): SqlType =>
    types[at]?.length === 'max' ? bigintType : intType;

const place = (value: number, type: SqlType): SqlValue => (type.length === 'max' ? BigInt(value) : value);

/** From 1; 0 when it is not there. Without case, as the collation is. */
const charindex = strict(2, 3, placeType(1), (args) => {
  const start = args.count > 2 ? Math.max(0, args.int(2) - 1) : 0;
  const [find, text] = [args.text(0).toLowerCase(), args.text(1).toLowerCase()];
  return place(find === '' ? 0 : text.indexOf(find, start) + 1, args.type(1));
});

const patindex = strict(2, 2, placeType(1), (args) => {
  const pattern = args.text(0);
  const start = pattern.startsWith('%') ? '' : '^';
  const end = pattern.endsWith('%') ? '' : '$';
  const source = likeSource(pattern.replace(/^%+|%+$/g, ''));
  const match = new RegExp(start + source + end, LIKE_FLAGS).exec(args.text(1));
  return place(match === null ? 0 : match.index + 1, args.type(1));
});

/** Right-aligned in `length` characters (10), with `decimals` (0) at most 16; stars when it does not fit. */
const str = strict(
  1,
  3,
  (_types, literals) => ({
    name: 'varchar',
    length: typeof literals[1] === 'number' ? Math.max(1, literals[1]) : 10,
  }),
  (args) => {
    const length = args.count > 1 ? args.int(1) : 10;
    const wanted = args.count > 2 ? Math.min(16, args.int(2)) : 0;
    const whole = Math.trunc(args.float(0)).toFixed(0).length;
    const text = args.float(0).toFixed(Math.max(0, Math.min(wanted, length - whole - 1)));
    return text.length > length ? '*'.repeat(length) : text.padStart(length);
  },
);

export const characterFunctions: readonly (readonly [string, ScalarFunction])[] = [
  ['CHARINDEX', charindex],
  ['PATINDEX', patindex],
  [
    'CHAR',
    strict(1, 1, { name: 'char', length: 1 }, (args) =>
      args.int(0) < 0 || args.int(0) > 255 ? null : decodeCodePage(Uint8Array.of(args.int(0))),
    ),
  ],
  [
    'NCHAR',
    strict(1, 1, { name: 'nchar', length: 1 }, (args) =>
      args.int(0) < 0 || args.int(0) > 65_535 ? null : String.fromCharCode(args.int(0)),
    ),
  ],
  ['ASCII', strict(1, 1, intType, (args) => encodeCodePage(args.text(0))[0] ?? null)],
  ['UNICODE', strict(1, 1, intType, (args) => (args.text(0) === '' ? null : args.text(0).charCodeAt(0)))],
  ['STR', str],
];
