/**
 * How a captured column is selected and how its value becomes JSON: exact to the last digit (DESIGN 7). What the
 * driver would damage is converted to text by the server. The table of types is in the README of this package.
 */
import type { Value } from '@dstream/core';
import { quoteName } from './quote.ts';

export interface ColumnCodec {
  /** The select-list expression, without its alias. */
  readonly expression: string;
  /** Of a value that is not NULL. */
  readonly decode: (value: unknown) => Value;
  /** CDC never carries the old value of text, ntext and image: they are NULL in rows 1 and 3. */
  readonly lostBefore: boolean;
  readonly known: boolean;
}

type Recipe = Pick<ColumnCodec, 'decode'> & { readonly select: (name: string) => string };

const asItIs = (name: string) => name;
const converted = (type: string, style?: number) => (name: string) =>
  `CONVERT(${type}, ${name}${style === undefined ? '' : `, ${style}`})`;

const text = (value: unknown): Value => String(value);
const plain = (value: unknown): Value => value as Value;
const base64 = (value: unknown): Value => (value as Buffer).toString('base64');
/** Style 121 has a space where ISO 8601 has a T, and one before the offset. */
const isoOf121 = (value: unknown): Value => String(value).replace(' ', 'T').replace(' ', '');
const spatial = (name: string) =>
  `N'SRID=' + CONVERT(nvarchar(11), ${name}.STSrid) + N';' + ${name}.AsTextZM()`;

const native: Recipe = { select: asItIs, decode: plain };
const characters: Recipe = { select: asItIs, decode: text };
const bytes: Recipe = { select: asItIs, decode: base64 };
const decimals: Recipe = { select: converted('varchar(41)'), decode: text };
const money: Recipe = { select: converted('varchar(40)', 2), decode: text };
const asText: Recipe = { select: converted('nvarchar(max)'), decode: text };
/**
 * The driver decodes what is not Unicode by the column's code page with a table of its own, where five bytes of
 * CP1252 (81, 8D, 8F, 90, 9D) are no character. The server's own conversion loses nothing. To max and not to the
 * column's length: CDC widens a column of a change table when that of the table is widened ("cdc.ddl_history",
 * required_column_update), and a conversion to the old length would cut values silently.
 */
const codePaged: Recipe = asText;

const recipes: ReadonlyMap<string, Recipe> = new Map([
  ['bit', native],
  ['tinyint', native],
  ['smallint', native],
  ['int', native],
  ['real', native],
  ['float', native],
  ['bigint', { select: converted('varchar(20)'), decode: text }],
  ['decimal', decimals],
  ['numeric', decimals],
  ['money', money],
  ['smallmoney', money],
  ['char', codePaged],
  ['varchar', codePaged],
  ['nchar', characters],
  ['nvarchar', characters],
  ['sysname', characters],
  ['text', codePaged],
  ['ntext', characters],
  ['xml', asText],
  ['date', { select: converted('varchar(10)', 23), decode: text }],
  ['time', { select: converted('varchar(16)', 126), decode: text }],
  ['datetime', { select: converted('varchar(23)', 121), decode: isoOf121 }],
  ['smalldatetime', { select: converted('varchar(19)', 126), decode: text }],
  ['datetime2', { select: converted('varchar(33)', 126), decode: text }],
  ['datetimeoffset', { select: converted('varchar(40)', 121), decode: isoOf121 }],
  ['uniqueidentifier', { select: asItIs, decode: (v) => String(v).toUpperCase() }],
  ['binary', bytes],
  ['varbinary', bytes],
  ['image', bytes],
  ['timestamp', bytes],
  ['rowversion', bytes],
  ['hierarchyid', { select: (name) => `${name}.ToString()`, decode: text }],
  ['geography', { select: spatial, decode: text }],
  ['geometry', { select: spatial, decode: text }],
  ['sql_variant', { select: converted('nvarchar(4000)'), decode: text }],
]);

const neverBefore: ReadonlySet<string> = new Set(['text', 'ntext', 'image']);

/** @param type `column_type` of `cdc.captured_columns`. An unknown one arrives as text. */
export function codecOf(column: string, type: string): ColumnCodec {
  const folded = type.toLowerCase();
  const recipe = recipes.get(folded);
  const { select, decode } = recipe ?? asText;
  return {
    expression: select(quoteName(column)),
    decode,
    lostBefore: neverBefore.has(folded),
    known: recipe !== undefined,
  };
}
