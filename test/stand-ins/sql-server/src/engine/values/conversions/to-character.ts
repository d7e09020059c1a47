/** Conversion to the character types and xml. */
import type { SqlDecimal, SqlMoment, SqlType, SqlValue } from '../../interface/engine-session.ts';
import { valueErrors } from '../../errors/value-errors.ts';
import { clrText } from '../clr/clr-text.ts';
import { decodeCodePage, decodeUtf16, throughCodePage } from '../basic/code-page.ts';
import { decimalText, unscaledAt } from '../basic/decimal.ts';
import { floatText } from '../basic/float-text.ts';
import { bytesToHex } from '../basic/hex.ts';
import { momentText } from '../basic/moment-text.ts';
import { familyOf, isUnicode, nameInMessages, plainFamilyOf } from '../basic/type-facts.ts';
import type { Convert } from './convert.ts';

type Text = (value: SqlValue) => string;

export function toCharacter(from: SqlType, to: SqlType, style?: number): Convert {
  const text = textOf(from, to, style);
  const fit = fitText(to, tooLong(from, to));
  return (value) => fit(text(value));
}

/** The whole text, before the length of the target is applied. */
function textOf(from: SqlType, to: SqlType, style: number | undefined): Text {
  switch (plainFamilyOf(from)) {
    case 'bit':
      return (value) => (value === true ? '1' : '0');
    case 'integer':
      return String;
    case 'decimal':
      return (value) => decimalText(value as SqlDecimal);
    case 'money':
      return moneyText(from, style ?? 0);
    case 'float': {
      const text = floatText(style ?? 0, from.name);
      return (value) => text(value as number);
    }
    case 'moment': {
      const text = momentText(from, style);
      return (value) => text(value as SqlMoment);
    }
    case 'binary':
      return binaryText(from, to, style ?? 0);
    case 'character':
      return isUnicode(from) && !isUnicode(to)
        ? (value) => throughCodePage(value as string)
        : (value) => value as string;
    case 'guid':
      return (value) => value as string;
    case 'opaque':
      return (value) => clrText(value as Uint8Array, from);
    default:
      throw valueErrors.conversionNotAllowed(from.name, to.name);
  }
}

/** 0: two digits; 1: two digits and commas; 2 and 126: four digits. */
function moneyText(from: SqlType, style: number): Text {
  if (style === 2 || style === 126) return (value) => decimalText(value as SqlDecimal);
  if (style !== 0 && style !== 1) throw valueErrors.styleInvalid(style, from.name);
  const cents: Text = (value) => decimalText({ unscaled: unscaledAt(value as SqlDecimal, 2), scale: 2 });
  return style === 0 ? cents : (value) => cents(value).replace(/\B(?=(?:\d{3})+\.)/g, ',');
}

/** 0: the bytes are characters; 1: hexadecimal with 0x; 2: without. */
function binaryText(from: SqlType, to: SqlType, style: number): Text {
  if (style === 1) return (value) => `0x${bytesToHex(value as Uint8Array)}`;
  if (style === 2) return (value) => bytesToHex(value as Uint8Array);
  if (style !== 0) throw valueErrors.styleInvalid(style, from.name);
  return isUnicode(to)
    ? (value) => decodeUtf16(value as Uint8Array)
    : (value) => decodeCodePage(value as Uint8Array);
}

/** Fits a text to the length of the type: `char` and `nchar` are filled with blanks. */
export function fitText(
  to: SqlType,
  tooLong: (text: string, length: number) => string,
): (text: string) => string {
  const { length } = to;
  if (length === undefined || length === 'max') return (text) => text;
  const fixed = to.name === 'char' || to.name === 'nchar';
  return (text) => {
    if (text.length > length) return tooLong(text, length);
    return fixed && text.length < length ? text.padEnd(length) : text;
  };
}

/** What a short target does: text and dates are cut off, numbers become `*` or an error ("Truncating results"). */
function tooLong(from: SqlType, to: SqlType): (text: string, length: number) => string {
  const family = familyOf(from);
  const fail = (error: Error): never => {
    throw error;
  };
  if (family === 'integer' && from.name !== 'bigint' && !isUnicode(to))
    return (_text, length) => '*'.padEnd(to.name === 'char' ? length : 1);
  if (family === 'integer') return () => fail(valueErrors.overflow(to.name));
  if (family === 'decimal') return () => fail(valueErrors.overflow(to.name, nameInMessages(from)));
  if (family === 'money') return () => fail(valueErrors.moneyResultSpace());
  if (family === 'float') return (text) => fail(valueErrors.floatOverflow(to.name, Number(text)));
  if (family === 'guid') return () => fail(valueErrors.uniqueidentifierSpace());
  return (text, length) => text.slice(0, length);
}
