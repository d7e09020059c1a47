import type { Login } from './login.ts';

/** Where a database is and how to log in. A value with a secret: it never goes into a log, an error or a metric. */
export interface SqlServerAddress {
  readonly host: string;
  /** Undefined only with `instance`: the SQL Server Browser (UDP 1434) is then asked for the port. */
  readonly port: number | undefined;
  readonly instance: string | undefined;
  readonly database: string;
  readonly login: Login;
  /** `strict` is TDS 8. */
  readonly encrypt: boolean | 'strict';
  readonly trustServerCertificate: boolean;
  readonly hostNameInCertificate: string | undefined;
  readonly applicationName: string | undefined;
  readonly connectTimeoutMs: number;
  readonly readOnlyIntent: boolean;
  readonly multiSubnetFailover: boolean;
}

/** The port SQL Server listens on by default ("Configure a server to listen on a specific TCP port"). */
export const usualPort = 1433;

/** `host`, `host:port` or `host\instance`: for people and for error messages, without any secret. */
export function placeOf(address: Pick<SqlServerAddress, 'host' | 'port' | 'instance'>): string {
  if (address.port !== undefined && address.port !== usualPort) return `${address.host}:${address.port}`;
  return address.port === undefined && address.instance !== undefined
    ? `${address.host}\\${address.instance}`
    : address.host;
}

/**
 * The source name when the configuration gives none (docs/guarantees.md, rule 1): the host, with its instance, or its port
 * where it is not the usual one. In lower case, because hosts and instances are case-insensitive.
 */
export function defaultSourceName(address: SqlServerAddress): string {
  const { host, instance, port } = address;
  if (instance !== undefined) return `${host}\\${instance}`.toLowerCase();
  return placeOf({ host, port, instance: undefined }).toLowerCase();
}
