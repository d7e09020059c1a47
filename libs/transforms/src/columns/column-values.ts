/**
 * What `columns` does to one value. Nothing here sees NULL, and no error repeats a value: it may be what is to be hidden.
 */
import { hash } from 'node:crypto';
import { DStreamError, exactNumber, isDecimalNumber, type Json, type Value } from '@dstream/core';

/** Types that `convert` knows. */
export type ConvertedType = 'text' | 'number' | 'boolean';

/** A value of a column that is not NULL. */
export type Content = Exclude<Json, null>;

/** Throws TransformFailed, which says why but not of which column. */
export type ValueChange = (value: Content) => Exclude<Value, null>;

/** What stands for every value that is masked, whatever its type and length. */
export const mask = '***';

/** The text of a value: that of a text, and of any other value its JSON. */
export function textOfValue(value: Content): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
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
    if (typeof value === 'boolean') return Number(value);
    if (typeof value === 'string') return numberOf(value);
    throw failed('a list or an object is not a number');
  },
  boolean: (value) => {
    if (typeof value === 'boolean') return value;
    const text = textOfValue(value).toLowerCase();
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw failed('it is neither true, false, 1 nor 0');
  },
};

/** A number that prints the same decimal digits: what JSON readers then have is what the text says. */
function numberOf(text: string): number {
  const number = exactNumber(text);
  if (number !== undefined) return number;
  throw failed(
    isDecimalNumber(text) ? 'a number would lose digits of it; leave it as text' : 'the text is not a number',
  );
}

function failed(why: string): DStreamError {
  return new DStreamError('TransformFailed', why);
}
