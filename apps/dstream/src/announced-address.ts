import { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * How others reach what listens at `address`. An address of this machine stands for 0.0.0.0 and ::, which are none:
 * the first one that is not loopback, or loopback when there is no other.
 */
export function announcedAddress(address: string, interfaces: () => Interfaces = networkInterfaces): string {
  const url = new URL(address);
  const family = { '0.0.0.0': 'IPv4', '[::]': 'IPv6' }[url.hostname];
  if (family === undefined) return address;
  const all = Object.values(interfaces()).flatMap((list) => list ?? []);
  const own = all.filter((one) => !one.internal && !one.address.startsWith('fe80:'));
  const found = own.find((one) => one.family === family) ?? (family === 'IPv6' ? own[0] : undefined);
  if (found === undefined) return `${url.protocol}//127.0.0.1:${url.port}`;
  const host = found.family === 'IPv6' ? `[${found.address}]` : found.address;
  return `${url.protocol}//${host}:${url.port}`;
}
