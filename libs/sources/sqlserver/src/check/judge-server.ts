/** What the facts of a server and a database mean to us. Pure. */
import type { CheckResult } from '@dstream/core';
import type { SqlServerAddress } from '../address/sql-server-address.ts';
import { enableDatabase, grantCdc } from './fix-statements.ts';
import { failed, passed, shownSeconds, warned } from './results.ts';
import { engines, type ClockDifference, type ServerFacts } from './server-facts.ts';

/** Encryption of the connection, by the connection string: TLS lies within the protocol, and the login has proved it. */
export function judgeEncryption(address: SqlServerAddress): CheckResult {
  const check = 'encryption';
  const local = /^(localhost|127\.|::1$)/i.test(address.host);
  if (address.encrypt === false)
    return local
      ? passed(check, `not encrypted, within this machine (${address.host})`)
      : warned(
          check,
          `the connection to ${address.host} is not encrypted: login and data can be read in transit`,
          'remove Encrypt=false from the connection string; if the certificate is then not trusted, set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority',
        );
  if (!address.trustServerCertificate || address.encrypt === 'strict')
    return passed(check, 'encrypted, and the certificate of the server is trusted');
  return local
    ? passed(check, `encrypted, within this machine (${address.host})`)
    : warned(
        check,
        `the connection is encrypted, but anyone on the network path can impersonate ${address.host}: its certificate is not checked`,
        'set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority, and remove TrustServerCertificate=true from the connection string',
      );
}

/** The oldest version: 2016 with SP1, from which on Standard has change data capture ("Editions and supported features of SQL Server 2016"). */
const oldest = [13, 0, 4001] as const;

/** "Editions and supported features", "SERVERPROPERTY": Edition, EngineEdition. */
export function judgeVersion({ version, edition, engine }: ServerFacts): CheckResult {
  const check = 'version';
  const azure = engine === engines.azureSqlDatabase;
  const message = azure ? 'Azure SQL Database' : `SQL Server ${version}, ${edition}`;
  if (azure) return passed(check, message);
  if (/^(Express|Web)\b/i.test(edition) || engine === engines.edge || engine === engines.synapse)
    return failed(
      check,
      `${message}: this edition has no change data capture`,
      'move the database to Standard, Enterprise or Developer edition, or to Azure SQL',
    );
  return isOlder(version)
    ? failed(
        check,
        `${message}: older than 2016 SP1 (${oldest.join('.')})`,
        'upgrade the server to SQL Server 2016 SP1 or newer',
      )
    : passed(check, message);
}

function isOlder(version: string): boolean {
  const parts = version.split('.').map(Number);
  const at = oldest.findIndex((part, i) => part !== (parts[i] ?? 0));
  return at !== -1 && (parts[at] ?? 0) < (oldest[at] ?? 0);
}

/** "Change data capture (CDC) with Azure SQL Database": not in the tiers Basic, S0, S1, S2. Undefined elsewhere. */
export function judgeTier({ database, serviceObjective }: ServerFacts): CheckResult | undefined {
  if (serviceObjective === undefined) return undefined;
  const check = 'tier';
  if (!/^(Basic|S[0-2])$/i.test(serviceObjective))
    return passed(check, `service objective ${serviceObjective}`);
  return failed(
    check,
    `the database "${database}" has the service objective ${serviceObjective}, in which capture does not run`,
    {
      kind: 'command',
      text: `az sql db update --resource-group RESOURCE_GROUP --server SERVER --name '${database.replaceAll("'", "'\\''")}' --service-objective S3`,
    },
  );
}

/** A readable secondary has the change tables of its primary, where capture runs ("Replication, change tracking, & change data capture - Always On availability groups"). */
export function judgeUpdateability(
  { database, readOnly }: ServerFacts,
  readOnlyIntent: boolean,
): CheckResult {
  const check = 'database';
  if (!readOnly) return passed(check, `the database "${database}" is online and can be written to`);
  const message = `the database "${database}" is read-only here`;
  return readOnlyIntent
    ? passed(check, `${message}: changes arrive as the secondary replica receives them`)
    : warned(
        check,
        `${message}, so capture does not run in it`,
        'if it is a secondary replica, connect to the listener of the availability group, or write ApplicationIntent=ReadOnly to read from it on purpose; else SET READ_WRITE',
      );
}

export function judgeCdc({ database, cdcEnabled }: ServerFacts): CheckResult {
  const check = 'cdc-enabled';
  return cdcEnabled
    ? passed(check, `change data capture is enabled on the database "${database}"`)
    : failed(
        check,
        `change data capture is not enabled on the database "${database}"`,
        enableDatabase(database),
      );
}

/** What deploy/sql/grants.sql gives. A schema that is not there cannot be read, so enabling is followed by this grant. */
export function judgeCdcRights({ database, user, mayReadCdc }: ServerFacts): CheckResult {
  const check = 'cdc-rights';
  return mayReadCdc
    ? passed(check, `${user} may read the change tables: SELECT on the schema cdc`)
    : failed(
        check,
        `${user} may not read the change tables: SELECT on the schema cdc is not granted`,
        grantCdc(database, user),
      );
}

/** Latencies in metrics and messages are differences of the two clocks; tokens are refused from five minutes on. */
const longestDifferenceMs = 2_000;

export function judgeClock({ aheadMs, errorMs }: ClockDifference): CheckResult {
  const check = 'clock';
  const off = Math.abs(aheadMs);
  const shown = `${(off / 1_000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} ours`;
  if (!Number.isFinite(errorMs) || off - errorMs <= longestDifferenceMs)
    return passed(check, `the clock of the server is ${shown}, to within ${(errorMs / 1_000).toFixed(1)} s`);
  return warned(
    check,
    `the clock of the server is ${shown}: latencies are wrong by as much`,
    'let both machines take their time from the same NTP servers',
  );
}

/** Commit times are in the server's zone and are made UTC by the distance of the day (README, "Commit times become UTC"). */
export function judgeZone({ minutesToUtc }: ServerFacts): CheckResult {
  const minutes = Math.round(minutesToUtc / 15) * -15;
  if (minutes === 0) return passed('time-zone', 'the time zone of the server has no offset from UTC');
  const text = `${minutes < 0 ? '-' : '+'}${shownSeconds(Math.abs(minutes) * 60)}`;
  return passed(
    'time-zone',
    `the time zone of the server is UTC${text}: changes that are committed before a daylight-saving switch and read after it are dated one hour off`,
  );
}
