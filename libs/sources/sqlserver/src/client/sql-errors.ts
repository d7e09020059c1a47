/** Translates errors of tedious and of SQL Server to ours, by number and code only. Nothing else in the product does. */
import { DStreamError, proxyVariable, type ErrorCode } from '@dstream/core';

/** Who logs in: the user of a password, or the kind of an identity of Microsoft Entra ID. */
export type Who = { readonly user: string } | { readonly identity: string };

/** What an error message may name. None of it is a secret. */
export interface ErrorScene {
  readonly place: string;
  /** The port of a named instance is not given, so SQL Server Browser is asked for it. */
  readonly asksBrowser?: boolean;
  readonly database: string;
  readonly who: Who;
  /** The login succeeded: what fails now is an established connection. */
  readonly connected?: boolean;
  /** Numbers of the server's messages during login: the driver's own error has none. */
  readonly loginNumbers?: readonly number[];
}

/**
 * The error of ours for one of tedious, with the original as its cause. The server's error numbers decide first, then the driver's
 * codes; what neither knows is Unexpected, which is retried.
 */
export function translateError(error: unknown, scene: ErrorScene): DStreamError {
  const own = ownError(error);
  if (own !== undefined) return own;
  const numbers = [...(scene.loginNumbers ?? []), ...sqlNumbers(error)];
  for (const number of numbers) {
    // 4060 comes before 18456 when the login is right and the database is not.
    const code = codeOfNumber(number);
    if (code !== undefined)
      return new DStreamError(code, sentence(code, number, error, scene), { cause: numbered(error, number) });
  }
  return translateDriverError(error, numbers, scene);
}

/** An error of ours inside one of the driver's: a token could not be acquired (EFEDAUTH). */
function ownError(error: unknown): DStreamError | undefined {
  if (error instanceof DStreamError) return error;
  if (error instanceof AggregateError) return error.errors.map(ownError).find((own) => own !== undefined);
  return error instanceof Error ? ownError(error.cause) : undefined;
}

/** The driver's error of a failed login lacks the server's number: a cause that has it goes between. */
function numbered(error: unknown, number: number): unknown {
  if (sqlNumbers(error).includes(number)) return error;
  return Object.assign(new Error(`error ${number} of the server`, { cause: error }), { number });
}

/** The numbers of the server's errors in what a request failed with, the first first. */
export function sqlNumbers(error: unknown): readonly number[] {
  if (error instanceof DStreamError) return sqlNumbers(error.cause);
  if (error instanceof AggregateError) return error.errors.flatMap(sqlNumbers);
  const number: unknown = error instanceof Error ? (error as { number?: unknown }).number : undefined;
  return typeof number === 'number' ? [number] : [];
}

function translateDriverError(error: unknown, numbers: readonly number[], scene: ErrorScene): DStreamError {
  const [number] = numbers;
  const cause = { cause: error };
  if (number !== undefined) return new DStreamError('Unexpected', reported(number, error, scene), cause);
  const codes = errorCodes(error);
  if (codes.some((code) => certificateCodes.test(code)))
    return new DStreamError('ConfigInvalid', certificateSentence(codes, scene), cause);
  if (codes.includes('ELOGIN')) return new DStreamError('LoginFailed', loginSentence(scene), cause);
  const why = codes.at(-1) ?? (error instanceof Error ? error.message : String(error));
  if (codes.length === 0 || scene.connected === true) {
    const what = scene.connected === true ? lostConnection(scene) : unreachable(scene);
    return new DStreamError(codes.length === 0 ? 'Unexpected' : 'Unreachable', `${what}: ${why}`, cause);
  }
  return new DStreamError(
    'Unreachable',
    `${unreachable(scene)}: ${why}${hintsOf(scene, process.env)}`,
    cause,
  );
}

function unreachable({ place }: ErrorScene): string {
  return `SQL Server at ${place} cannot be reached`;
}

/** What else may prevent a connection. */
function hintsOf({ asksBrowser }: ErrorScene, env: NodeJS.ProcessEnv): string {
  const variable = proxyVariable(env);
  return [
    asksBrowser === true
      ? '; SQL Server Browser (UDP 1434) on that host resolves the port of a named instance: start that service, open ' +
        'UDP 1434 and check the name, or give the port, as in Server=HOST,PORT'
      : '',
    variable === undefined ? '' : `; ${variable} is set, but connections to SQL Server do not use a proxy`,
  ].join('');
}

/** The text of an error on an established connection. */
export function lostConnection({ place }: ErrorScene): string {
  return `the connection to SQL Server at ${place} was lost`;
}

/** The codes along the chain of causes, outermost first. */
function errorCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (let e = error; e instanceof Error; e = e.cause) {
    if ('code' in e && typeof e.code === 'string') codes.push(e.code);
    if (e instanceof AggregateError) codes.push(...e.errors.flatMap(errorCodes));
  }
  return codes;
}

const certificateCodes = /^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH)/;

function certificateSentence(codes: readonly string[], { place }: ErrorScene): string {
  return (
    `the certificate of SQL Server at ${place} is not trusted (${codes.at(-1) ?? 'unknown reason'}): install its ` +
    'issuer (NODE_EXTRA_CA_CERTS), set HostNameInCertificate, or TrustServerCertificate=true in the connection string'
  );
}

function loginSentence({ place, who }: ErrorScene): string {
  return 'user' in who
    ? `SQL Server at ${place} refused the login of "${who.user}": check User Id and Password in the connection string`
    : `SQL Server at ${place} refused the Entra ID token of the ${nameOf(who)}: make it a user of the database (CREATE USER … FROM EXTERNAL PROVIDER), or name the right identity`;
}

function nameOf(who: Who): string {
  return 'user' in who ? `"${who.user}"` : `${who.identity} identity`;
}

function sentence(code: ErrorCode, number: number, error: unknown, scene: ErrorScene): string {
  const { place, database, who } = scene;
  if (code === 'LoginFailed') return `${loginSentence(scene)} (error ${number})`;
  if (code === 'DatabaseNotFound')
    return `SQL Server at ${place} has no database "${database}" that ${nameOf(who)} can open (error ${number}): it is offline or being restored, or Database in the connection string is wrong, or access is not granted`;
  if (code === 'CdcNotEnabled')
    return `change data capture is not enabled on the database "${database}": run sys.sp_cdc_enable_db in it`;
  if (number === lockTimeout)
    return `SQL Server at ${place} reports error ${number}: the table stays locked by another session, which alters or drops it (sys.dm_tran_locks shows which)`;
  return reported(number, error, scene);
}

function reported(number: number, error: unknown, { place }: ErrorScene): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  return `SQL Server at ${place} reports error ${number}: ${first instanceof Error ? first.message : String(first)}`;
}

/** Numbers of SQL Server errors and what they mean to us ("Database Engine events and errors"). */

/** "Invalid object name": what a dropped capture instance looks like. */
export const invalidObject = 208;
/** "Invalid column name": what a changed capture instance looks like. */
export const invalidColumn = 207;
/** "An insufficient number of arguments": the misleading text of an LSN range that is out of bounds. */
export const badRange = 313;
/** "Lock request time out period exceeded". */
const lockTimeout = 1222;
/** A column that the server cannot convert to text: types that do not convert, values that do not, user code that fails. */
export const notConvertible: ReadonlySet<number> = new Set([206, 245, 257, 529, 6263, 6522, 8114, 10314]);
/** "The SELECT permission was denied on the object". */
const objectDenied = 229;

/** "Cannot open server … Client with IP address … is not allowed": the firewall of Azure SQL Database. */
export const addressNotAllowed = 40615;

const numbersOf: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {
  LoginFailed: [18452, 18456, 18470, 18486, 18487, 18488],
  DatabaseNotFound: [911, 916, 4060, 4063, 4064],
  PermissionDenied: [objectDenied, 230, 262, 297, 300],
  CdcNotEnabled: [22901],
  Throttled: [10928, 10929, 40501, 49918, 49919, 49920],
  Unreachable: [596, 6001, 6005, 17142, 17187, 18401, 40197, 40613, addressNotAllowed],
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

function codeOfNumber(number: number): ErrorCode | undefined {
  return codes.get(number);
}

/**
 * True for an error of a statement over many tables that one of them causes: its change table is gone, not permitted, or
 * locked, or the number is not known here (a damaged page is 824). Probing the tables one by one finds which.
 */
export function isOfOneTable(number: number): boolean {
  if (number === invalidObject || number === objectDenied || number === lockTimeout) return true;
  return codeOfNumber(number) === undefined;
}
