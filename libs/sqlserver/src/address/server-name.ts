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
  const match =
    /^(?<host>\[[^\]]+\]|[^\\,[\]]+)(?:\\(?<before>[^\\,]+))?(?:,\s*(?<port>\d+))?(?:\\(?<after>[^\\,]+))?$/.exec(
      text.replace(/^tcp:/i, '').trim(),
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
