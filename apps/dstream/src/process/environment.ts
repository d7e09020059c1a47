/** What the process reads from its environment: its version, its name, its address, its proxies. */
import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { proxyVariables, type InstanceId } from '@dstream/core';

/** The version of this program, from its package. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The name of this replica: `flag`, else DSTREAM_INSTANCE, else host name and process id. */
export function instanceName(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): InstanceId {
  const given = [flag, env['DSTREAM_INSTANCE']].find((name) => name !== undefined && name.trim() !== '');
  return (given?.trim() ?? `${hostname()}-${process.pid}`) as InstanceId;
}

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * How other machines reach what listens at `address`. 0.0.0.0 and `::`, which are no addresses, are replaced by one of
 * this machine: the first of IPv4 that is not loopback, else one of IPv6 (`::` is every address of both), else loopback.
 */
export function announcedAddress(address: string, interfaces: () => Interfaces = networkInterfaces): string {
  const url = new URL(address);
  const bothFamilies = url.hostname === '[::]';
  if (!bothFamilies && url.hostname !== '0.0.0.0') return address;
  const all = Object.values(interfaces()).flatMap((list) => list ?? []);
  const own = all.filter((one) => !one.internal && !one.address.startsWith('fe80:'));
  const found = own.find((one) => one.family === 'IPv4') ?? (bothFamilies ? own[0] : undefined);
  if (found === undefined) return `${url.protocol}//127.0.0.1:${url.port}`;
  const host = found.family === 'IPv6' ? `[${found.address}]` : found.address;
  return `${url.protocol}//${host}:${url.port}`;
}

/**
 * Adds `http://` to proxy addresses without a scheme, as curl and most programs read them. The clients for blobs and
 * sign-in take such an address for an invalid one (`10.0.0.5:3128`) or for a scheme (`proxy:3128`).
 */
export function addProxyScheme(env: Record<string, string | undefined>): void {
  for (const name of proxyVariables) {
    const address = env[name]?.trim() ?? '';
    if (address !== '' && !address.includes('://')) env[name] = `http://${address}`;
  }
}
