/** The keywords of connection strings: ADO.NET's (SqlConnection.ConnectionString) and those of Go's driver. */
import { DStreamError } from '@dstream/core';

/** What a keyword means, whatever its spelling. */
export type Keyword =
  | 'server'
  | 'port'
  | 'database'
  | 'user'
  | 'password'
  | 'encrypt'
  | 'trustServerCertificate'
  | 'hostNameInCertificate'
  | 'applicationName'
  | 'connectTimeout'
  | 'applicationIntent'
  | 'multiSubnetFailover'
  | 'integratedSecurity'
  | 'authentication';

const spellings: Readonly<Record<Keyword, readonly string[]>> = {
  server: ['server', 'datasource', 'addr', 'address', 'networkaddress'],
  port: ['port'],
  database: ['database', 'initialcatalog'],
  user: ['userid', 'uid', 'user', 'username'],
  password: ['password', 'pwd'],
  encrypt: ['encrypt'],
  trustServerCertificate: ['trustservercertificate'],
  hostNameInCertificate: ['hostnameincertificate'],
  applicationName: ['applicationname', 'appname', 'app'],
  connectTimeout: ['connecttimeout', 'connectiontimeout', 'timeout', 'dialtimeout'],
  applicationIntent: ['applicationintent'],
  multiSubnetFailover: ['multisubnetfailover'],
  integratedSecurity: ['integratedsecurity', 'trustedconnection'],
  authentication: ['authentication', 'fedauth'],
};

/** Keywords that other drivers know and that change nothing here. */
const withoutEffect: ReadonlySet<string> = new Set(
  `asynchronousprocessing attestationprotocol columnencryptionsetting commandtimeout connectionlifetime
  connectionreset connectretrycount connectretryinterval contextconnection currentlanguage disableretry
  enclaveattestationurl enlist failoverpartner failoverpartnerspn failoverport guidconversion ipaddresspreference keepalive language
  loadbalancetimeout log maxpoolsize minpoolsize multipleactiveresultsets mars net network networklibrary packetsize
  persistsecurityinfo poolblockingperiod pooling protocol replication servercertificate serverspn tlsmin
  transactionbinding transparentnetworkipresolution
  typesystemversion userinstance workstationid wsid`.split(/\s+/),
);

const bySpelling: ReadonlyMap<string, Keyword> = new Map(
  (Object.keys(spellings) as Keyword[]).flatMap((keyword) => spellings[keyword].map((s) => [s, keyword])),
);

/**
 * Values by keyword. Case, spaces and underscores make no difference; of a keyword given twice the last one counts,
 * as in ADO.NET; an empty value counts as none. Throws ConfigInvalid with the name of an unknown keyword.
 */
export function readKeywords(pairs: readonly KeywordPair[]): ReadonlyMap<Keyword, string> {
  const values = new Map<Keyword, string>();
  for (const [written, value] of pairs) {
    const folded = written.toLowerCase().replace(/[\s_]/g, '');
    const keyword = bySpelling.get(folded);
    if (keyword !== undefined) values.set(keyword, value);
    else if (!withoutEffect.has(folded)) throw unknownKeyword(written);
  }
  for (const [keyword, value] of values) if (value === '') values.delete(keyword);
  return values;
}

function unknownKeyword(written: string): Error {
  // A password with a semicolon in it turns into keywords: what does not look like one is not repeated.
  if (!/^[a-z][a-z _]{1,39}$/i.test(written))
    return invalid('has a keyword that is not known; quote a value that holds ";"');
  return invalid(
    `has the keyword "${written}", which is not known; known are Server, Database, User Id, Password, Encrypt, ` +
      'TrustServerCertificate, HostNameInCertificate, Application Name, Connect Timeout, ApplicationIntent and ' +
      'MultiSubnetFailover',
  );
}

const yes: ReadonlySet<string> = new Set(['true', 'yes', '1', 't']);
const no: ReadonlySet<string> = new Set(['false', 'no', '0', 'f']);

/** Throws ConfigInvalid. @param keyword as people write it, for the error */
export function readBoolean(keyword: string, text: string | undefined, otherwise: boolean): boolean {
  if (text === undefined) return otherwise;
  const folded = text.toLowerCase();
  if (yes.has(folded)) return true;
  if (no.has(folded)) return false;
  throw invalid(`has a "${keyword}" that is neither true nor false`);
}

/** On unless it is turned off, as in Microsoft.Data.SqlClient since version 4. */
export function readEncrypt(text: string | undefined): boolean | 'strict' {
  const folded = text?.toLowerCase();
  if (folded === 'strict') return 'strict';
  if (folded === 'mandatory') return true;
  if (folded === 'optional' || folded === 'disable') return false;
  return readBoolean('Encrypt', folded, true);
}

const intents: ReadonlySet<string> = new Set(['readonly', 'readwrite']);

/** In lower case; undefined when it is not given. */
export function readIntent(text: string | undefined): string | undefined {
  const folded = text?.toLowerCase().replace(/[\s_]/g, '');
  if (folded !== undefined && !intents.has(folded))
    throw invalid('has an ApplicationIntent that is neither ReadOnly nor ReadWrite');
  return folded;
}

/** A keyword as written, with its value. */
export type KeywordPair = readonly [keyword: string, value: string];

interface Scan {
  readonly text: string;
  at: number;
}

/**
 * Splits `keyword=value;…` by ADO.NET's rules ("Connection String Syntax"): space around keywords and values is
 * dropped, `==` stands for an equals sign in a keyword, a value may be in single or double quotes, in which the
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
    throw invalid(`has text after the closing quote of "${keyword}"; write ";" there`);
}

/** An error of the connection string. `what` continues "the connection string of the database …". */
export function invalid(what: string): DStreamError {
  return new DStreamError('ConfigInvalid', `the connection string of the database ${what}`);
}
