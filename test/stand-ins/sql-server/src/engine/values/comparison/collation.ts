/**
 * The collation of a database, which decides about its names and about its text: case only, because the code page of all
 * that are known is 1252 and accents always count ("Collation and Unicode support").
 */
import type { CompareOptions } from './compare-values.ts';

export interface Collation extends CompareOptions {
  readonly name: string;
  readonly caseSensitive: boolean;
  readonly binary: boolean;
  /** Two names that are the same become equal. */
  readonly fold: (name: string) => string;
}

const lower = (name: string): string => name.toLowerCase();
const asItIs = (name: string): string => name;

/** `Latin1_General_100_CS_AS`, `SQL_Latin1_General_CP1_CI_AS`, `Latin1_General_BIN2` and their like; else undefined. */
export function collationOf(name: string): Collation | undefined {
  const match = /^(?:SQL_)?Latin1_General(?:_CP1|_100)?_(CI_AS|CS_AS|BIN2?)(?:_SC)?$/i.exec(name);
  const kind = match?.[1]?.toUpperCase();
  if (kind === undefined) return undefined;
  const binary = kind.startsWith('BIN');
  const caseSensitive = binary || kind === 'CS_AS';
  return { name, caseSensitive, binary, fold: caseSensitive ? asItIs : lower };
}

/** Of the server, and of a database for which nothing else is said. */
export const SERVER_COLLATION: Collation = {
  name: 'SQL_Latin1_General_CP1_CI_AS',
  caseSensitive: false,
  binary: false,
  fold: lower,
};
