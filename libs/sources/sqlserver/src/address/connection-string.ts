import { DStreamError, type CredentialOf } from '@dstream/core';
import { invalid, splitPairs, type KeywordPair } from './keyword-pairs.ts';
import { readBoolean, readEncrypt, readIntent, readKeywords, type Keyword } from './keywords.ts';
import { readLogin, type Login } from './login.ts';
import { refuseOtherForms } from './other-forms.ts';
import { parsePort, parseServerName, type ServerName } from './server-name.ts';
import { usualPort, type SqlServerAddress } from './sql-server-address.ts';

/**
 * Reads a connection string in either form: `Server=tcp:host,port;Database=…;User Id=…;Password=…;…` with ADO.NET's
 * synonyms and quoting, or `sqlserver://user:password@host:port/instance?database=…`, as Go's driver reads it.
 * Throws ConfigInvalid, which says what is wrong and repeats no value.
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
  if (server === undefined) throw invalid('names no server: Server=host is missing');
  return addressOf(parseServerName(server), values, credentialOf);
}

function fromUrl(text: string, credentialOf: CredentialOf | undefined): SqlServerAddress {
  refuseMarksOfServer(text);
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
  const server = { host, port, instance: instance === '' ? undefined : instance };
  return addressOf(server, readKeywords(pairs), credentialOf);
}

/** What stands between host, port and instance in `Server=…`, not in a URL. */
function refuseMarksOfServer(text: string): void {
  const host = /^\w+:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text)?.[1] ?? '';
  if (/\\|%5c/i.test(host))
    throw invalid(
      'has a backslash in its host: in a URL the instance is the path, sqlserver://HOST/INSTANCE',
    );
  if (host.includes(','))
    throw invalid('has a comma in its host: in a URL the port stands after a colon, sqlserver://HOST:PORT');
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
  if (database === undefined) throw invalid('names no database: Database=… is missing');
  return database;
}

/** Who holds a token is its identity for an hour: it never travels in the clear. */
function encryptedIfToken(login: Login, encrypt: boolean | 'strict'): Login {
  if (login.kind === 'token' && encrypt === false)
    throw invalid('signs in by Microsoft Entra ID without encryption: remove Encrypt=false');
  return login;
}

/** 15 s unless given; 0 means without limit to ADO.NET and is taken as two minutes here: nothing waits for ever. */
function secondsOf(text: string | undefined): number {
  if (text === undefined) return 15;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw invalid('has a Connect Timeout that is not a number of seconds');
  return seconds === 0 ? 120 : seconds;
}
