/** Numbers of JSON that JavaScript rounds: a double holds about 16 digits, and JSON has no limit. */

/** A number of 16 characters or more, or with an exponent. In a string it is found, too: that costs time only. */
const mayBeRounded = /[[:,]\s*-?(?:[\d.]{16}|[\d.]+[eE])/;

type Reviver = (name: string, value: unknown, context?: { readonly source?: string }) => unknown;

/**
 * The name beside the first number that `JSON.parse` rounds, so that it would be written with other digits; undefined where there
 * is none. @param json valid JSON
 */
export function roundedNumber(json: string): string | undefined {
  // A reviver makes reading several times slower, and few texts have such numbers.
  if (!mayBeRounded.test(json)) return undefined;
  let found: string | undefined;
  // `source` is the text of a value that is no object ("JSON.parse source text access" of ECMAScript).
  const look: Reviver = (name, value, context) => {
    if (typeof value === 'number' && !isSameNumber(context?.source ?? '', String(value))) found ??= name;
    return value;
  };
  JSON.parse(json, look);
  return found;
}

/** Whether two texts are the same number, digit for digit. */
function isSameNumber(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

/** Digits without zeros around them, and the power of ten of the last one. */
function canonical(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return text.includes('Infinity') ? text : '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
