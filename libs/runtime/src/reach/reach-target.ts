/** What the checks of an address have in common. */
import type { CallOptions } from '@dstream/core';

/** Where a connection goes. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What is to be reached. */
export interface ReachTarget extends Address {
  /** A name or an address; IPv6 with or without brackets. */
  readonly host: string;
  /** Connections speak TLS from their first byte. False for SQL Server, whose handshake lies within its own protocol. */
  readonly tls: boolean;
  /** The client takes the proxy that the environment names, if it names one. AMQP on port 5671 and SQL Server do not. */
  readonly usesProxy?: boolean;
  /** What else may help where no connection opens, without a full stop: the firewall of this service, another transport. */
  readonly hint?: string;
}

/** How long each step may take, in milliseconds. */
export interface StepLimit extends CallOptions {
  readonly limitMs: number;
}

/** `host:port`, as people write it. */
export function shownAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The code of an error of Node.js, else its name. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

/** For a step that had no answer within its limit. */
export function timedOut(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
}
