import { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * How others reach what listens at `address`. An address of this machine stands for 0.0.0.0 and ::, which are none:
 * the first one of IPv4 that is not loopback, else one of IPv6 (:: is every address of both), else loopback.
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
