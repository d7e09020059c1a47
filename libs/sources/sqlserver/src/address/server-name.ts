import { isIPv6 } from 'node:net';
import { invalid } from './keyword-pairs.ts';

export interface ServerName {
  readonly host: string;
  readonly port: number | undefined;
  readonly instance: string | undefined;
}

/** Reads `tcp:host\instance,port`: the protocol, the instance and the port may be missing, the last two in any order. */
export function parseServerName(text: string): ServerName {
  const protocol = /^(tcp|np|lpc|admin):/i.exec(text)?.[1]?.toLowerCase();
  if (protocol !== undefined && protocol !== 'tcp')
    throw invalid(`asks for the protocol "${protocol}": only tcp is spoken here`);
  const name = text.replace(/^tcp:/i, '').trim();
  refuseForeignMarks(name);
  const match =
    /^(?<host>\[[^\]]+\]|[^\\,[\]]+)(?:\\(?<before>[^\\,]+))?(?:,\s*(?<port>\d+))?(?:\\(?<after>[^\\,]+))?$/.exec(
      name,
    );
  const parts = match?.groups;
  if (parts === undefined)
    throw invalid('has a server that cannot be read: host, host,port or host\\instance');
  return {
    host: hostOf(parts['host'] ?? ''),
    port: parts['port'] === undefined ? undefined : parsePort(parts['port']),
    instance: instanceOf(parts['before'] ?? parts['after']),
  };
}

/** A port after a colon, as in URLs, and an instance whose backslash was percent-encoded for one. */
function refuseForeignMarks(name: string): void {
  if (/%5c/i.test(name))
    throw invalid(
      'has "%5C" in its server: outside of a URL write the backslash itself, Server=HOST\\INSTANCE',
    );
  const [host = ''] = name.replace(/^\[[^\]]*\]/, '').split(/[\\,]/, 1);
  if (host.includes('/'))
    throw invalid('has a "/" in its server: write Server=HOST\\INSTANCE for an instance');
  if (!host.includes(':') || isIPv6(host.trim())) return;
  const port = /:(\d{1,5})$/.exec(host)?.[1] ?? 'PORT';
  throw invalid(`has a colon in its server: a port stands after a comma, Server=HOST,${port}`);
}

function hostOf(text: string): string {
  const host = text.trim().replace(/^\[(.*)\]$/, '$1');
  return host === '.' || host.toLowerCase() === '(local)' ? 'localhost' : host;
}

/** The default instance has a name too, but nobody is asked for its port. */
function instanceOf(text: string | undefined): string | undefined {
  const name = text?.trim();
  return name === undefined || name === '' || name.toUpperCase() === 'MSSQLSERVER' ? undefined : name;
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid('has a port that is not between 1 and 65535');
  return port;
}
