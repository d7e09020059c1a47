import { DStreamError } from '@dstream/core';
import { invalid, splitPairs, type KeywordPair } from './keyword-pairs.ts';
import { readBoolean, readEncrypt, readKeywords, type Keyword } from './keywords.ts';
import { parsePort, parseServerName, type ServerName } from './server-name.ts';
import { usualPort, type SqlServerAddress } from './sql-server-address.ts';

/**
 * Reads a connection string in either form: `Server=tcp:host,port;Database=…;User Id=…;Password=…;…` with ADO.NET's
 * synonyms and quoting, or `sqlserver://user:password@host:port/instance?database=…`, as Go's driver reads it.
 * Throws ConfigInvalid, which says what is wrong and repeats no value.
 */
export function parseConnectionString(text: string): SqlServerAddress {
  const trimmed = text.trim();
  if (trimmed === '') throw invalid('is empty');
  if (/^(sqlserver|mssql):\/\//i.test(trimmed)) return fromUrl(trimmed);
  const values = readKeywords(splitPairs(trimmed));
  const server = values.get('server');
  if (server === undefined) throw invalid('names no server: Server=host is missing');
  return addressOf(parseServerName(server), values);
}

function fromUrl(text: string): SqlServerAddress {
  if (!URL.canParse(text))
    throw invalid('is not a URL that can be read; percent-encode @ : / ? # % in user and password');
  const url = new URL(text);
  const pairs: KeywordPair[] = [...url.searchParams];
  // What stands before the host counts more than a parameter of the same meaning, as in Go's driver.
  if (url.username !== '') pairs.push(['user id', decode(url.username)]);
  if (url.password !== '') pairs.push(['password', decode(url.password)]);
  if (url.hostname === '') throw invalid('names no host: sqlserver://host is missing');
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const instance = decode(url.pathname.replace(/^\//, ''));
  const port = url.port === '' ? undefined : parsePort(url.port);
  return addressOf({ host, port, instance: instance === '' ? undefined : instance }, readKeywords(pairs));
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

function addressOf(server: ServerName, values: ReadonlyMap<Keyword, string>): SqlServerAddress {
  refuseOtherLogins(values);
  const port = server.port ?? portOf(values);
  return {
    host: server.host,
    port: port ?? (server.instance === undefined ? usualPort : undefined),
    instance: server.instance,
    database: required(values, 'database', 'Database'),
    user: required(values, 'user', 'User Id'),
    password: required(values, 'password', 'Password'),
    encrypt: readEncrypt(values.get('encrypt')),
    trustServerCertificate: readBoolean(
      'TrustServerCertificate',
      values.get('trustServerCertificate'),
      false,
    ),
    hostNameInCertificate: values.get('hostNameInCertificate'),
    applicationName: values.get('applicationName'),
    connectTimeoutMs: secondsOf(values.get('connectTimeout')) * 1_000,
    readOnlyIntent: values.get('applicationIntent')?.toLowerCase() === 'readonly',
    multiSubnetFailover: readBoolean('MultiSubnetFailover', values.get('multiSubnetFailover'), false),
  };
}

function portOf(values: ReadonlyMap<Keyword, string>): number | undefined {
  const text = values.get('port');
  return text === undefined ? undefined : parsePort(text);
}

function required(values: ReadonlyMap<Keyword, string>, keyword: Keyword, name: string): string {
  const value = values.get(keyword);
  if (value === undefined) throw invalid(`names no ${keyword}: ${name}=… is missing`);
  return value;
}

function refuseOtherLogins(values: ReadonlyMap<Keyword, string>): void {
  const integrated = values.get('integratedSecurity');
  if (
    integrated !== undefined &&
    (integrated.toLowerCase() === 'sspi' || readBoolean('Integrated Security', integrated, false))
  )
    throw invalid('asks for Windows authentication, which is not supported: give User Id and Password');
  const method = values.get('authentication')?.toLowerCase().replace(/\s/g, '');
  if (method !== undefined && method !== 'sqlpassword' && method !== 'notspecified')
    throw invalid('asks for an Authentication that is not supported: give User Id and Password');
}

/** 15 s unless given; 0 means without limit to ADO.NET and is taken as two minutes here: nothing waits for ever. */
function secondsOf(text: string | undefined): number {
  if (text === undefined) return 15;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw invalid('has a Connect Timeout that is not a number of seconds');
  return seconds === 0 ? 120 : seconds;
}
