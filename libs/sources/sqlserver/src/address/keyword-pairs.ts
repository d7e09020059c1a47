import { DStreamError } from '@dstream/core';

/** A keyword as written, with its value. */
export type KeywordPair = readonly [keyword: string, value: string];

interface Scan {
  readonly text: string;
  at: number;
}

/**
 * Splits `keyword=value;…` by ADO.NET's rules ("Connection String Syntax"): space around keywords and values is
 * dropped, `==` stands for an equals sign in a keyword, a value may stand in single or double quotes in which the
 * quote is doubled. Throws ConfigInvalid, which never repeats a value.
 */
export function splitPairs(text: string): KeywordPair[] {
  const scan: Scan = { text, at: 0 };
  const pairs: KeywordPair[] = [];
  for (;;) {
    skip(scan, /[;\s]/);
    if (scan.at >= text.length) return pairs;
    const keyword = readKeyword(scan);
    pairs.push([keyword, readValue(scan, keyword)]);
  }
}

function skip(scan: Scan, what: RegExp): void {
  while (scan.at < scan.text.length && what.test(scan.text.charAt(scan.at))) scan.at += 1;
}

function readKeyword(scan: Scan): string {
  const start = scan.at;
  let keyword = '';
  for (; scan.at < scan.text.length && scan.text[scan.at] !== ';'; scan.at += 1) {
    if (scan.text[scan.at] !== '=') keyword += scan.text.charAt(scan.at);
    else if (scan.text[scan.at + 1] === '=') {
      keyword += '=';
      scan.at += 1;
    } else {
      scan.at += 1;
      return keyword.trim();
    }
  }
  // What has no equals sign may be the tail of a password that holds a semicolon: it is not repeated.
  throw invalid(`has no "=" in the part that begins at character ${start + 1}; quote a value that holds ";"`);
}

function readValue(scan: Scan, keyword: string): string {
  skip(scan, /\s/);
  const quote = scan.text[scan.at];
  if (quote === "'" || quote === '"') return readQuoted(scan, quote, keyword);
  const end = scan.text.indexOf(';', scan.at);
  const value = scan.text.slice(scan.at, end === -1 ? undefined : end);
  scan.at = end === -1 ? scan.text.length : end;
  return value.trim();
}

function readQuoted(scan: Scan, quote: string, keyword: string): string {
  let value = '';
  for (scan.at += 1; scan.at < scan.text.length; scan.at += 1) {
    if (scan.text[scan.at] !== quote) value += scan.text.charAt(scan.at);
    else if (scan.text[scan.at + 1] === quote) {
      value += quote;
      scan.at += 1;
    } else {
      scan.at += 1;
      expectEnd(scan, keyword);
      return value;
    }
  }
  throw invalid(`opens a quote in the value of "${keyword}" and does not close it`);
}

function expectEnd(scan: Scan, keyword: string): void {
  skip(scan, /\s/);
  if (scan.at < scan.text.length && scan.text[scan.at] !== ';')
    throw invalid(`goes on after the closing quote of "${keyword}": a ";" is expected there`);
}

/** An error of the connection string. `what` continues "the connection string of the database …". */
export function invalid(what: string): DStreamError {
  return new DStreamError('ConfigInvalid', `the connection string of the database ${what}`);
}
