/** The keywords of connection strings: ADO.NET's (SqlConnection.ConnectionString) and those of Go's driver. */
import { invalid, type KeywordPair } from './keyword-pairs.ts';

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
 * as in ADO.NET; an empty value is as good as none. Throws ConfigInvalid naming a keyword that nobody knows.
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
