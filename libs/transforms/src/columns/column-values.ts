/**
 * What `columns` does to one value. Nothing here sees NULL, and no error repeats a value: it may be what is to be hidden.
 */
import { hash } from 'node:crypto';
import { DStreamError, type Value } from '@dstream/core';

/** Types that `convert` knows. */
export type ConvertedType = 'text' | 'number' | 'boolean';

/** A value of a column that is not NULL, or what became of it. */
export type Scalar = Exclude<Value, null>;

/** Throws TransformFailed, which says why but not of which column. */
export type ValueChange = (value: Scalar) => Scalar;

/** What stands for every value that is masked, whatever its type and length. */
export const mask = '***';

/** The text of a value, as JSON writes it, without quotes. */
export function textOfValue(value: Scalar): string {
  return typeof value === 'string' ? value : String(value);
}

/** SHA-256 of salt and text, both in UTF-8, one after the other: 64 hex digits in lower case. */
export function hasher(salt: string): ValueChange {
  return (value) => hash('sha256', salt + textOfValue(value), 'hex');
}

/** The first `length` characters of a text: code points, so that none is cut in two. */
export function truncater(length: number): ValueChange {
  return (value) => {
    if (typeof value !== 'string')
      throw failed(`it is a ${typeof value}, and only texts are truncated; convert it to "text"`);
    return value.length <= length ? value : firstOf(value, length);
  };
}

function firstOf(text: string, characters: number): string {
  let end = 0;
  for (let count = 0; count < characters && end < text.length; count += 1)
    end += (text.codePointAt(end) ?? 0) > 0xff_ff ? 2 : 1;
  return text.slice(0, end);
}

/** Only exactly: what another type cannot hold is an error. */
export const converters: Readonly<Record<ConvertedType, ValueChange>> = {
  text: textOfValue,
  number: (value) => {
    if (typeof value === 'number') return value;
    return typeof value === 'boolean' ? Number(value) : numberOf(value);
  },
  boolean: (value) => {
    if (typeof value === 'boolean') return value;
    const text = textOfValue(value).toLowerCase();
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw failed('it is neither true, false, 1 nor 0');
  },
};

const decimal = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d{1,6}))?$/i;

/** A number that prints the same decimal digits: what JSON readers then have is what the text says. */
function numberOf(text: string): number {
  const digits = digitsOf(text);
  if (digits === undefined) throw failed('the text is not a number');
  const number = Number(text);
  if (digitsOf(String(number)) !== digits) throw failed('a number would lose digits of it; leave it as text');
  return number;
}

/** Sign, significant digits and exponent: the same for `12.50`, `+12.5` and `1250e-2`. */
function digitsOf(text: string): string | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = decimal.exec(text) ?? [];
  const all = whole + fraction;
  if (all === '') return undefined;
  const significant = all.replace(/^0+/, '').replace(/0+$/, '');
  if (significant === '') return '0';
  const trailing = all.length - all.replace(/0+$/, '').length;
  return `${sign === '-' ? '-' : ''}${significant}e${Number(exponent) - fraction.length + trailing}`;
}

function failed(why: string): DStreamError {
  return new DStreamError('TransformFailed', why);
}
