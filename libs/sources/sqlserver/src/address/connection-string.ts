import { isIPv6 } from 'node:net';
import { DStreamError, type CredentialOf } from '@dstream/core';
import {
  invalid,
  readBoolean,
  readEncrypt,
  readIntent,
  readKeywords,
  splitPairs,
  type Keyword,
  type KeywordPair,
} from './keywords.ts';
import { readLogin, type Login } from './login.ts';
import { usualPort, type SqlServerAddress } from './sql-server-address.ts';

/**
 * Reads a connection string in either form: `Server=tcp:host,port;Database=…;User Id=…;Password=…;…` with ADO.NET's
 * synonyms and quoting, or `sqlserver://user:password@host:port/instance?database=…`, as Go's driver reads it.
 * Throws ConfigInvalid, which names the fault and repeats no value.
 *
 * @param credentialOf who signs in for `Authentication=Active Directory …` and `fedauth=ActiveDirectory…`
 */
export function parseConnectionString(text: string, credentialOf?: CredentialOf): SqlServerAddress {
  const trimmed = text.trim();
  if (trimmed === '') throw invalid('is empty');
  refuseOtherForms(trimmed);
  if (/^(sqlserver|mssql):\/\//i.test(trimmed)) return fromUrl(trimmed, credentialOf);
  const values = readKeywords(splitPairs(trimmed));
  const server = values.get('server');
  if (server === undefined) throw invalid('has no server; add Server=HOST');
  return addressOf(parseServerName(server), values, credentialOf);
}

function fromUrl(text: string, credentialOf: CredentialOf | undefined): SqlServerAddress {
  refuseMarksOfServer(text);
  if (!URL.canParse(text))
    throw invalid('is not a URL that can be read; percent-encode @ : / ? # % in user and password');
  const url = new URL(text);
  const pairs: KeywordPair[] = [...url.searchParams];
  // User and password before the host win over parameters of the same meaning, as in Go's driver.
  if (url.username !== '') pairs.push(['user id', decode(url.username)]);
  if (url.password !== '') pairs.push(['password', decode(url.password)]);
  if (url.hostname === '') throw invalid('has no host; write sqlserver://HOST');
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const instance = decode(url.pathname.replace(/^\//, ''));
  const port = url.port === '' ? undefined : parsePort(url.port);
  const server = { host, port, instance: instance === '' ? undefined : instance };
  return addressOf(server, readKeywords(pairs), credentialOf);
}

/** Separators of host, port and instance that belong to `Server=…`, not to a URL. */
function refuseMarksOfServer(text: string): void {
  const host = /^\w+:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text)?.[1] ?? '';
  if (/\\|%5c/i.test(host))
    throw invalid('has a backslash in its host: in a URL write sqlserver://HOST/INSTANCE');
  if (host.includes(',')) throw invalid('has a comma in its host: in a URL write sqlserver://HOST:PORT');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new DStreamError(
      'ConfigInvalid',
      invalid('has a "%" that is not followed by two hexadecimal digits').message,
      { cause },
    );
  }
}

function addressOf(
  server: ServerName,
  values: ReadonlyMap<Keyword, string>,
  credentialOf: CredentialOf | undefined,
): SqlServerAddress {
  const port = server.port ?? portOf(values);
  const encrypt = readEncrypt(values.get('encrypt'));
  return {
    host: server.host,
    port: port ?? (server.instance === undefined ? usualPort : undefined),
    instance: server.instance,
    database: databaseOf(values),
    login: encryptedIfToken(readLogin(values, credentialOf), encrypt),
    encrypt,
    trustServerCertificate: readBoolean(
      'TrustServerCertificate',
      values.get('trustServerCertificate'),
      false,
    ),
    hostNameInCertificate: values.get('hostNameInCertificate'),
    applicationName: values.get('applicationName'),
    connectTimeoutMs: secondsOf(values.get('connectTimeout')) * 1_000,
    readOnlyIntent: readIntent(values.get('applicationIntent')) === 'readonly',
    multiSubnetFailover: readBoolean('MultiSubnetFailover', values.get('multiSubnetFailover'), false),
  };
}

function portOf(values: ReadonlyMap<Keyword, string>): number | undefined {
  const text = values.get('port');
  return text === undefined ? undefined : parsePort(text);
}

function databaseOf(values: ReadonlyMap<Keyword, string>): string {
  const database = values.get('database');
  if (database === undefined) throw invalid('has no database; add Database=NAME');
  return database;
}

/** Whoever holds a token is its identity for an hour, so it is never sent unencrypted. */
function encryptedIfToken(login: Login, encrypt: boolean | 'strict'): Login {
  if (login.kind === 'token' && encrypt === false)
    throw invalid('signs in by Microsoft Entra ID without encryption: remove Encrypt=false');
  return login;
}

/** 15 s unless given; 0 means no limit to ADO.NET and two minutes here: nothing waits for ever. */
function secondsOf(text: string | undefined): number {
  if (text === undefined) return 15;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw invalid('has a Connect Timeout that is not a number of seconds');
  return seconds === 0 ? 120 : seconds;
}

interface ServerName {
  readonly host: string;
  readonly port: number | undefined;
  readonly instance: string | undefined;
}

/** Reads `tcp:host\instance,port`: the protocol, the instance and the port may be missing, the last two in any order. */
function parseServerName(text: string): ServerName {
  const protocol = /^(tcp|np|lpc|admin):/i.exec(text)?.[1]?.toLowerCase();
  if (protocol !== undefined && protocol !== 'tcp')
    throw invalid(`asks for the protocol "${protocol}": only tcp is supported`);
  const name = text.replace(/^tcp:/i, '').trim();
  refuseForeignMarks(name);
  const match =
    /^(?<host>\[[^\]]+\]|[^\\,[\]]+)(?:\\(?<before>[^\\,]+))?(?:,\s*(?<port>\d+))?(?:\\(?<after>[^\\,]+))?$/.exec(
      name,
    );
  const parts = match?.groups;
  if (parts === undefined)
    throw invalid('has a server that cannot be read: host, host,port or host\\instance');
  return {
    host: hostOf(parts['host'] ?? ''),
    port: parts['port'] === undefined ? undefined : parsePort(parts['port']),
    instance: instanceOf(parts['before'] ?? parts['after']),
  };
}

/** A port after a colon, as in URLs, and an instance whose backslash was percent-encoded for one. */
function refuseForeignMarks(name: string): void {
  if (/%5c/i.test(name))
    throw invalid(
      'has "%5C" in its server: outside of a URL write the backslash itself, Server=HOST\\INSTANCE',
    );
  const [host = ''] = name.replace(/^\[[^\]]*\]/, '').split(/[\\,]/, 1);
  if (host.includes('/'))
    throw invalid('has a "/" in its server: write Server=HOST\\INSTANCE for an instance');
  if (!host.includes(':') || isIPv6(host.trim())) return;
  const port = /:(\d{1,5})$/.exec(host)?.[1] ?? 'PORT';
  throw invalid(`has a colon in its server: write Server=HOST,${port}`);
}

function hostOf(text: string): string {
  const host = text.trim().replace(/^\[(.*)\]$/, '$1');
  return host === '.' || host.toLowerCase() === '(local)' ? 'localhost' : host;
}

/** The default instance has a name too, but its port is not looked up. */
function instanceOf(text: string | undefined): string | undefined {
  const name = text?.trim();
  return name === undefined || name === '' || name.toUpperCase() === 'MSSQLSERVER' ? undefined : name;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid('has a port that is not between 1 and 65535');
  return port;
}

const right =
  'write Server=HOST,PORT;Database=…;User Id=…;Password=… or sqlserver://USER:PASSWORD@HOST:PORT?database=…';

/** Prisma's, and JDBC's without its prefix: a URL that ends in keywords. A login before the host is not part of it. */
const urlWithKeywords =
  /^(?:sqlserver|mssql):\/\/[^@/?;:]+(?::\d+)?;\s*(?:database|databasename|initial ?catalog|user|username|uid|password|pwd|encrypt|trustservercertificate|schema|instancename)\s*=/i;

/** Throws ConfigInvalid, which names the form and repeats no value. */
function refuseOtherForms(text: string): void {
  if (/^(["']).*\1$/s.test(text))
    throw invalid(
      'is quoted as a whole; remove the outer quotes (a shell removes them, an .env file may not)',
    );
  if (/^jdbc:/i.test(text)) throw invalid(`has the form of JDBC: ${right}`);
  if (urlWithKeywords.test(text)) throw invalid(`has the form of Prisma, keywords after a URL: ${right}`);
  if (/^(?:driver|dsn|filedsn)\s*=/i.test(text))
    throw invalid(
      `has the form of ODBC: leave Driver=… out, and replace braces around a value by quotes; ${right}`,
    );
  if (/^provider\s*=/i.test(text)) throw invalid(`has the form of OLE DB: leave Provider=… out; ${right}`);
  const scheme = /^([a-z][a-z0-9+.-]{1,30}):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'sqlserver' && scheme !== 'mssql')
    throw invalid(`begins with "${scheme}://", which is not supported: ${right}`);
}
