/** Numbers that JavaScript rounds: a double holds about 16 digits, and JSON and SQL have no limit. */

/** A number of 16 characters or more, or with an exponent. */
const longNumber = /[[:,]\s*-?(?:[\d.]{16}|[\d.]+[eE])/;

type Reviver = (name: string, value: unknown, context?: { readonly source?: string }) => unknown;

/**
 * False: `roundedNumber` finds nothing. Most texts are judged by this alone. It looks at ASCII only, so the bytes of UTF-8 may be given
 * as Latin-1, which costs less to read.
 */
export function mayHaveRounded(json: string): boolean {
  return longNumber.test(json);
}

/**
 * The name beside the first number that `JSON.parse` rounds, so that it would be written with other digits; undefined where there
 * is none. @param json valid JSON
 */
export function roundedNumber(json: string): string | undefined {
  // A reviver makes reading several times slower, and few texts have such numbers.
  if (!mayHaveRounded(json)) return undefined;
  let found: string | undefined;
  // `source` is the text of a value that is no object ("JSON.parse source text access" of ECMAScript).
  const look: Reviver = (name, value, context) => {
    if (typeof value === 'number' && isRounded(context?.source ?? '', value)) found ??= name;
    return value;
  };
  JSON.parse(json, look);
  return found;
}

function isRounded(source: string, value: number): boolean {
  return source !== String(value) && exactNumber(source) === undefined;
}

/** Makes of the text of a number what `JSON.stringify` writes as it is ("JSON.parse source text access" of ECMAScript). */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/**
 * As `JSON.parse`, for a value that is to be written again: a number that JavaScript would write otherwise (`1.10`, or one that it
 * rounds) is an object that `JSON.stringify` writes as it was. @param json valid JSON
 */
export function parseToRewrite(json: string): unknown {
  const keep: Reviver = (_name, value, context) => {
    const source = context?.source;
    const isSame = typeof value !== 'number' || source === undefined || source === String(value);
    return isSame ? value : rawJSON(source);
  };
  return JSON.parse(json, keep);
}

/** Digits with an optional sign, point and exponent, as in SQL and JSON. Ends in linear time, because texts come from outside. */
const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i;

/** The number that prints the digits of the text, whatever zeros and exponent it is written with. Undefined where there is none. */
export function exactNumber(text: string): number | undefined {
  const number = Number(text);
  // Most numbers are written as JavaScript writes them, and comparing digits costs much more.
  if (String(number) === text && Number.isFinite(number)) return number;
  const digits = digitsOf(text);
  if (digits === undefined) return undefined;
  return digitsOf(String(number)) === digits ? number : undefined;
}

/** Whether it is a decimal number, exact or not. */
export function isDecimalNumber(text: string): boolean {
  return digitsOf(text) !== undefined;
}

/** Without the look-behind every zero in a row would begin a search of its own. */
const trailingZeros = /(?<!0)0+$/;

/** Sign, significant digits and exponent: the same for `12.50`, `+12.5` and `1250e-2`. */
function digitsOf(text: string): string | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = decimal.exec(text) ?? [];
  const all = whole + fraction;
  if (all === '') return undefined;
  const significant = all.replace(/^0+/, '').replace(trailingZeros, '');
  if (significant === '') return '0';
  const trailing = all.length - all.replace(trailingZeros, '').length;
  return `${sign === '-' ? '-' : ''}${significant}e${Number(exponent) - fraction.length + trailing}`;
}
