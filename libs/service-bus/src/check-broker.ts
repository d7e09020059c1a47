/**
 * The first checks of a broker, Service Bus or Event Hubs: its address is reached, and an identity signs in. Loads no SDK.
 * Exported as `@dstream/service-bus/check`.
 */
import type { CallOptions, CheckResult, TokenCredential } from '@dstream/core';
import { checkReach, checkSignIn, type ReachTarget } from '@dstream/runtime/reach';
import type { Transport } from './amqp.ts';
import type { Login } from './az-commands.ts';

export { azCommand, azCommands, grantRemedy, type Login } from './az-commands.ts';

/** As `ServiceBusAddress`, which the clients of both brokers take. */
export type CheckedAddress = (
  { readonly connectionString: string } | { readonly namespace: string; readonly credential: TokenCredential }
) & { readonly transport?: Transport | undefined };

/** A broker that was reached. */
export interface CheckedBroker {
  /** As the command line of Azure calls it: the first part of the host's name. */
  readonly namespace: string;
  readonly login: Login;
}

/** As the clients ask for it (core-amqp, `aadServiceBusScope`): the second slash belongs to the resource. */
const scope = 'https://servicebus.azure.net//.default';

/**
 * Yields `network.*` and, where there is no connection string, `identity.sign-in`. Returns undefined when the rest cannot be
 * known. Sends nothing but a handshake.
 */
export async function* checkBroker(
  address: CheckedAddress,
  o: CallOptions,
): AsyncGenerator<CheckResult, CheckedBroker | undefined> {
  const target = targetOf(address);
  if (!(yield* checkReach(target, o))) return undefined;
  const namespace = target.host.split('.')[0] ?? target.host;
  if ('connectionString' in address) {
    const rule = partOf(address.connectionString, 'SharedAccessKeyName') ?? 'RULE';
    return { namespace, login: { kind: 'key', rule } };
  }
  const principal = yield* checkSignIn(address.credential, scope, o);
  return principal === undefined ? undefined : { namespace, login: { kind: 'identity', principal } };
}

/** Where AMQP goes: port 5671 with TLS, 5672 of the emulator without, 443 with WebSockets (Service Bus frequently asked questions). */
export function targetOf(address: CheckedAddress): ReachTarget {
  const text = 'connectionString' in address ? address.connectionString : undefined;
  const [host, port] = hostAndPort(address);
  if (address.transport === 'websockets') return { host, port: port ?? 443, tls: true, usesProxy: true };
  if (text !== undefined && isEmulator(text)) return { host, port: port ?? 5672, tls: false };
  return {
    host,
    port: port ?? 5671,
    tls: true,
    hint: 'where only port 443 is open, write transport = "websockets"',
  };
}

/** True for the emulator, with which the clients speak no TLS. */
export function isEmulator(connectionString: string): boolean {
  return partOf(connectionString, 'UseDevelopmentEmulator') === 'true';
}

function hostAndPort(address: CheckedAddress): readonly [host: string, port: number | undefined] {
  const endpoint =
    'connectionString' in address ? partOf(address.connectionString, 'Endpoint') : address.namespace;
  const [, host = '', port] = /^(?:[a-z]+:\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?/i.exec(endpoint ?? '') ?? [];
  return [host, port === undefined ? undefined : Number(port)];
}

function partOf(connectionString: string, name: string): string | undefined {
  const start = `${name.toLowerCase()}=`;
  const part = connectionString.split(';').find((one) => one.trim().toLowerCase().startsWith(start));
  return part?.trim().slice(start.length);
}

/** Who is refused, and why that may be. */
export function refused({ login }: CheckedBroker, claim: 'Send' | 'Listen', entity: string): string {
  return login.kind === 'key'
    ? `the key ${login.rule} is refused at ${entity}: it is wrong, or has no right to ${claim}`
    : `the identity ${login.principal} is refused at ${entity}: it has no role that allows to ${claim.toLowerCase()}`;
}
