/** Numbers of SQL Server errors ("Database Engine events and errors") and what they mean to us. */
import type { ErrorCode } from '@dstream/core';

/** Object or column does not exist: what a capture instance was dropped or changed looks like. */
export const invalidObject = 208;
export const invalidColumn = 207;
/** "An insufficient number of arguments": the misleading text of an LSN range that is out of bounds. */
export const badRange = 313;
/** "Lock request time out period exceeded". */
export const lockTimeout = 1222;
/** What a column is that the server cannot make text of: types that do not convert, values that do not, user code that fails. */
export const notText: ReadonlySet<number> = new Set([206, 245, 257, 529, 6263, 6522, 8114, 10314]);
/** "The SELECT permission was denied on the object". */
export const objectDenied = 229;

const numbersOf: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {
  LoginFailed: [18452, 18456, 18470, 18486, 18487, 18488],
  DatabaseNotFound: [911, 916, 4060, 4063, 4064],
  PermissionDenied: [objectDenied, 230, 262, 297, 300],
  CdcNotEnabled: [22901],
  Throttled: [10928, 10929, 40501, 49918, 49919, 49920],
  Unreachable: [596, 6001, 6005, 17142, 17187, 18401, 40197, 40613],
  Transient: [
    601,
    701,
    802,
    845,
    922,
    923,
    924,
    926,
    927,
    945,
    952,
    976,
    978,
    979,
    983,
    1204,
    1205,
    lockTimeout,
    3960,
    3961,
    4221,
    8645,
    8651,
    40143,
    40540,
  ],
};

const codes: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(numbersOf) as ErrorCode[]).flatMap((code) => (numbersOf[code] ?? []).map((n) => [n, code])),
);

export function codeOfNumber(number: number): ErrorCode | undefined {
  return codes.get(number);
}

/**
 * True for what a statement over many tables failed with because of one of them: its change table is gone, closed to us, locked, or
 * an error that means nothing to us (a damaged page is 824): asking the tables one by one tells which.
 */
export function isOfOneTable(number: number): boolean {
  if (number === invalidObject || number === objectDenied || number === lockTimeout) return true;
  return codeOfNumber(number) === undefined;
}
