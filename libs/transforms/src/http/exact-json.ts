/** Reads JSON whose numbers must not change: a double holds about 16 digits, and JSON has no limit. */
import { DStreamError } from '@dstream/core';

/**
 * As `JSON.parse`. Throws TransformFailed where the text is no JSON, or holds a number that a double cannot hold, so that it
 * would be written with other digits.
 *
 * @param said the beginning of the error: who answered
 */
export function parseExactly(text: string, said: string): unknown {
  try {
    // A reviver makes it several times slower, and few texts have such numbers.
    return mayLoseDigits.test(text) ? JSON.parse(text, exactOnly(said)) : JSON.parse(text);
  } catch (cause) {
    if (cause instanceof DStreamError) throw cause;
    throw new DStreamError('TransformFailed', `${said} with what is not JSON`, { cause });
  }
}

/** A number of 16 characters or more, or with an exponent. In a string it is found, too: that costs time only. */
const mayLoseDigits = /[[:,]\s*-?(?:[\d.]{16}|[\d.]+[eE])/;

type Reviver = (name: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** `source` is the text of a value that is no object ("JSON.parse source text access" of ECMAScript). */
function exactOnly(said: string): Reviver {
  return (name, value, context) => {
    if (typeof value !== 'number' || isSameNumber(context?.source ?? '', String(value))) return value;
    throw new DStreamError(
      'TransformFailed',
      `${said} with a number in ${JSON.stringify(name)} that has more digits than a double holds; answer with a string`,
    );
  };
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
