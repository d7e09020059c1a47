/** The check `network.resolve`: what address a name has here, and whether it is that of the private endpoint. */
import type { CheckResult } from '@dstream/core';
import { lookup, resolveCname } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { codeOf } from './reach-target.ts';

const check = 'network.resolve';

/** How names become addresses. */
export interface Names {
  /** As clients resolve it: getaddrinfo. Rejects with a code as Node.js does. */
  addresses(name: string): Promise<readonly string[]>;
  /** The names that it is an alias of, nearest first. Empty when the name service does not answer. */
  aliases(name: string): Promise<readonly string[]>;
}

/** Those of this machine. */
export const systemNames: Names = {
  addresses: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  aliases: (name) => resolveCname(name).catch(() => []),
};

/** Never rejects. `warned`: it resolves, to the public address of something that has a private endpoint. */
export async function checkName(host: string, names: Names): Promise<CheckResult> {
  if (isIP(host) !== 0)
    return { outcome: 'passed', check, subject: host, message: `${host} is an address; no name to resolve` };
  const found = await names.addresses(host).catch((error: unknown) => codeOf(error));
  if (typeof found === 'string') return unresolved(host, found);
  return (await publicInsteadOfPrivate(host, found, names)) ?? resolved(host, found);
}

function resolved(host: string, addresses: readonly string[]): CheckResult {
  const message = `${host} resolves to ${addresses.join(', ')}`;
  return { outcome: 'passed', check, subject: host, message };
}

function unresolved(host: string, code: string): CheckResult {
  const isUnknown = code === 'ENOTFOUND' || code === 'ENODATA';
  const message = isUnknown
    ? `the name ${host} does not exist here (${code})`
    : `DNS does not answer for ${host} (${code})`;
  const text = isUnknown
    ? unknownName(host)
    : 'check the DNS servers of this machine or pod, and that port 53 is open to them';
  return { outcome: 'failed', check, subject: host, message, remedy: { kind: 'advice', text } };
}

function unknownName(host: string): string {
  const zone = privateZoneOf(host);
  const spelling = `check the spelling of ${host}`;
  return zone === undefined
    ? `${spelling}, and that the DNS servers of this machine or pod know it`
    : `${spelling}; with a private endpoint, link the private DNS zone ${zone} to the virtual network of this machine`;
}

/** Azure gives the name of a service with a private endpoint an alias below `privatelink` ("Azure Private Endpoint DNS"). */
async function publicInsteadOfPrivate(
  host: string,
  addresses: readonly string[],
  names: Names,
): Promise<CheckResult | undefined> {
  const zone = privateZoneOf(host);
  if (zone === undefined || addresses.every(isPrivate)) return undefined;
  const aliases = await names.aliases(host);
  if (![host, ...aliases].some((name) => name.toLowerCase().includes('.privatelink.'))) return undefined;
  return {
    outcome: 'warned',
    check,
    subject: host,
    message: `${host} has a private endpoint, but resolves to its public address ${addresses.join(', ')} here`,
    remedy: {
      kind: 'advice',
      text: `link the private DNS zone ${zone} to the virtual network of this machine, or let its DNS servers forward ${zone} to 168.63.129.16`,
    },
  };
}

/** Zones of services whose private endpoints have an alias: "Azure Private Endpoint private DNS zone values". */
const publicZones = ['servicebus.windows.net', 'blob.core.windows.net', 'database.windows.net'];

function privateZoneOf(host: string): string | undefined {
  const zone = publicZones.find((suffix) => host.toLowerCase().endsWith(`.${suffix}`));
  return zone === undefined ? undefined : `privatelink.${zone}`;
}

const privateAddresses = new BlockList();
privateAddresses.addSubnet('10.0.0.0', 8);
privateAddresses.addSubnet('172.16.0.0', 12);
privateAddresses.addSubnet('192.168.0.0', 16);
privateAddresses.addSubnet('100.64.0.0', 10);
privateAddresses.addSubnet('127.0.0.0', 8);
privateAddresses.addSubnet('fc00::', 7, 'ipv6');
privateAddresses.addAddress('::1', 'ipv6');

function isPrivate(address: string): boolean {
  return privateAddresses.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
