/**
 * How a captured column is selected and how its value becomes JSON: exact to the last digit (docs/messages.md). What the
 * driver would damage is converted to text by the server. The table of types is in the README of this package.
 */
import { DStreamError, type Value } from '@dstream/core';
import { quoteName } from '../client/sql-client.ts';
import type { CapturedColumn } from './catalogue.ts';
import { floatNumber, isoOf121, realNumber, variantExpression, variantText } from './value-text.ts';

/** How one column is read. */
export interface ColumnCodec {
  /** The select-list expression, without its alias. */
  readonly expression: string;
  /** Called for values that are not NULL. */
  readonly decode: (value: unknown) => Value;
  /** What is decoded to text is ASCII and needs no escape in JSON. */
  readonly plainText: boolean;
  /** CDC never carries the old value of text, ntext and image: they are NULL in rows 1 and 3. */
  readonly lostBefore: boolean;
}

type Recipe = Pick<ColumnCodec, 'decode'> & {
  readonly select: (name: string) => string;
  /** False when not given. */
  readonly plainText?: boolean;
};

const asItIs = (name: string) => name;
const converted = (type: string, style?: number) => (name: string) =>
  `CONVERT(${type}, ${name}${style === undefined ? '' : `, ${style}`})`;

const text = (value: unknown): Value => String(value);
const plain = (value: unknown): Value => value as Value;
const base64 = (value: unknown): Value => (value as Buffer).toString('base64');
const iso = (value: unknown): Value => isoOf121(String(value));
const spatial = (name: string) =>
  `N'SRID=' + CONVERT(nvarchar(11), ${name}.STSrid) + N';' + ${name}.AsTextZM()`;

const native: Recipe = { select: asItIs, decode: plain };
const characters: Recipe = { select: asItIs, decode: text };
const bytes: Recipe = { select: asItIs, decode: base64, plainText: true };
const decimals: Recipe = { select: converted('varchar(41)'), decode: text, plainText: true };
const money: Recipe = { select: converted('varchar(40)', 2), decode: text, plainText: true };
const asText: Recipe = { select: converted('nvarchar(max)'), decode: text };
/** What a column of fewer characters is converted to. The longest type that is not a large object. */
const shortText = 4000;

/**
 * The driver decodes what is not Unicode by the column's code page with a table of its own, where five bytes of
 * CP1252 (81, 8D, 8F, 90, 9D) are no character. The server's own conversion loses nothing, and costs us half of what
 * the driver's does when it is not to max.
 */
const codePaged: Recipe = asText;

/**
 * Never to the column's own length: CDC widens a column of a change table when that of the table is widened
 * ("cdc.ddl_history", required_column_update), and then values would be cut silently. A column of fewer than 4,000
 * characters cannot fill 4,000: a value that does was perhaps cut.
 */
const shortCodePaged: Recipe = {
  select: converted(`nvarchar(${shortText})`),
  decode: (value) => {
    const whole = String(value);
    if (whole.length < shortText) return whole;
    throw new DStreamError('CaptureChanged', 'a column was widened while it was read; reading it again');
  },
};

const recipes: ReadonlyMap<string, Recipe> = new Map([
  ['bit', native],
  ['tinyint', native],
  ['smallint', native],
  ['int', native],
  ['real', { select: asItIs, decode: (value) => realNumber(value as number) }],
  ['float', { select: asItIs, decode: (value) => floatNumber(value as number) }],
  ['bigint', { select: converted('varchar(20)'), decode: text, plainText: true }],
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
  ['date', { select: converted('varchar(10)', 23), decode: text, plainText: true }],
  // Style 121 and not 126, which leaves out a fraction of zero: how many digits there are belongs to the column.
  ['time', { select: converted('varchar(16)', 121), decode: text, plainText: true }],
  ['datetime', { select: converted('varchar(23)', 121), decode: iso, plainText: true }],
  ['smalldatetime', { select: converted('varchar(19)', 126), decode: text, plainText: true }],
  ['datetime2', { select: converted('varchar(27)', 121), decode: iso, plainText: true }],
  ['datetimeoffset', { select: converted('varchar(34)', 121), decode: iso, plainText: true }],
  ['uniqueidentifier', { select: asItIs, decode: (v) => String(v).toUpperCase(), plainText: true }],
  ['binary', bytes],
  ['varbinary', bytes],
  ['image', bytes],
  ['timestamp', bytes],
  ['rowversion', bytes],
  ['hierarchyid', { select: (name) => `${name}.ToString()`, decode: text }],
  ['geography', { select: spatial, decode: text }],
  ['geometry', { select: spatial, decode: text }],
  ['sql_variant', { select: variantExpression, decode: (value) => variantText(String(value)) }],
]);

/** The types that arrive as the README says; of others only that they are text. */
export const knownTypes: readonly string[] = [...recipes.keys()];

/** False for a type that is only known to be text. */
export function isKnownType(type: string): boolean {
  return recipes.has(type.toLowerCase());
}

const neverBefore: ReadonlySet<string> = new Set(['text', 'ntext', 'image']);

/** A column of an unknown type is converted to text. */
export function codecOf({
  name,
  type,
  maxBytes,
}: Pick<CapturedColumn, 'name' | 'type' | 'maxBytes'>): ColumnCodec {
  const folded = type.toLowerCase();
  const { select, decode, plainText = false } = recipeOf(folded, maxBytes ?? 0);
  return {
    expression: select(quoteName(name)),
    decode,
    plainText,
    lostBefore: neverBefore.has(folded),
  };
}

function recipeOf(type: string, maxBytes: number): Recipe {
  // A character takes a byte at least.
  const short = (type === 'char' || type === 'varchar') && maxBytes > 0 && maxBytes < shortText;
  return short ? shortCodePaged : (recipes.get(type) ?? asText);
}
