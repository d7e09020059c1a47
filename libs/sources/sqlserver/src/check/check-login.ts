/** Connecting and signing in. The first query does both; what went wrong is told by code and number. */
import { DStreamError, type CheckResult, type Remedy } from '@dstream/core';
import type { SqlServerAddress } from '../address/sql-server-address.ts';
import { addressNotAllowed, sqlNumbers } from '../client/sql-errors.ts';
import { failed } from './results.ts';

/** The failed check of an error of connecting; undefined for one that is not about it. */
export function judgeLoginError(error: DStreamError, address: SqlServerAddress): CheckResult | undefined {
  const { code, message } = error;
  if (sqlNumbers(error).includes(addressNotAllowed))
    return failed('firewall', message, openFirewall(error, address));
  if (code === 'ConfigInvalid') return failed('certificate', message, certificateAdvice);
  if (code === 'DatabaseNotFound') return failed('database', message, databaseAdvice(address));
  if (code === 'LoginFailed' || code === 'Unauthorized')
    return failed('login', message, loginAdvice(address));
  if (code !== 'Unreachable' && code !== 'Throttled') return undefined;
  return address.port === undefined
    ? failed(
        'browser',
        message,
        'start SQL Server Browser and open UDP 1434, or write the port: Server=HOST,PORT',
      )
    : failed('login', message, 'check again; if it persists, see the error log of the server');
}

const certificateAdvice =
  'set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority, or HostNameInCertificate to the name that it has; TrustServerCertificate=true checks nothing, so that anyone on the network path can impersonate the server';

function databaseAdvice({ database, login }: SqlServerAddress): string {
  const create =
    login.kind === 'password'
      ? 'run deploy/sql/user-of-login.sql there (Azure SQL Database: user-contained.sql)'
      : 'run deploy/sql/user-of-entra.sql there';
  return `check that "${database}" exists and is online; if the login has no user in it, ${create}`;
}

function loginAdvice({ login }: SqlServerAddress): string {
  return login.kind === 'password'
    ? 'check User Id and Password; the error log of the server tells with 18456 why: state 8 is a wrong password, 7 a disabled login, 58 a server without SQL Server authentication'
    : 'check which identity signs in, and run deploy/sql/user-of-entra.sql for it in the database';
}

/** The server's message names our address as it sees it. */
function openFirewall(error: DStreamError, { host }: SqlServerAddress): Remedy {
  const ip = /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(error.message)?.[0] ?? 'ADDRESS';
  const server = host.split('.')[0] ?? host;
  return {
    kind: 'command',
    text: [
      `GROUP=$(az sql server list --query "[?name=='${server}'].resourceGroup" -o tsv)`,
      `az sql server firewall-rule create -g "$GROUP" --server ${server} --name dstream --start-ip-address ${ip} --end-ip-address ${ip}`,
    ].join('\n'),
  };
}
