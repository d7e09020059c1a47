/**
 * Who may ask the HTTP endpoint for what. Health checks are for everyone. The rest is for who has the token; without a token
 * it is for this machine only: an endpoint that other machines reach serves nothing that tells of tables and outputs.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';

/** What `service` of a configuration says about access. */
export interface HttpAccess {
  /** Sent as `Authorization: Bearer …`. Undefined: there is none, and only loopback is served. */
  readonly token: string | undefined;
  /** `/metrics` needs no token, on any address. */
  readonly metricsAnonymous: boolean;
}

/** What is answered instead. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly headers: Readonly<Record<string, string>>;
  /** One line that says what is missing. */
  readonly text: string;
}

/** Asked for each request, before anything is looked up for it. */
export interface HttpGuard {
  /** The only paths that are served, because there is no token; undefined when all are. */
  readonly onlyPaths: readonly string[] | undefined;
  /**
   * Undefined: it may be answered.
   * @param authorization the header, if there is one
   * @param host the header, if there is one
   */
  refusal(path: string, authorization: string | undefined, host: string | undefined): Refusal | undefined;
}

/** Where a server listens. */
export interface Listened {
  /** Its IP address: a name may stand for any. */
  readonly address: string;
  /** As it was configured, which may be a name. */
  readonly host: string;
}

const needsToken: Refusal = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer' },
  text: 'send the token of service { token } as Authorization: Bearer\n',
};

const servedToNobody: Refusal = {
  status: 403,
  headers: {},
  text: 'not served, because the address is not loopback: set service { token }, or for /metrics metrics_anonymous = true\n',
};

const misdirected: Refusal = {
  status: 421,
  headers: {},
  text: 'not served under this host name: ask by localhost or an IP address, or set service { token }\n',
};

/** @param listened decides, where there is no token: only loopback is served, under a local name */
export function httpGuard({ token, metricsAnonymous }: HttpAccess, listened: Listened): HttpGuard {
  const open = ['/livez', '/readyz', ...(metricsAnonymous ? ['/metrics'] : [])];
  const otherwise = otherwiseRefused(token, listened);
  return {
    onlyPaths: token === undefined && !isLoopback(listened.address) ? open : undefined,
    refusal: (path, authorization, host) =>
      open.includes(path) ? undefined : otherwise(authorization, host),
  };
}

function otherwiseRefused(
  token: string | undefined,
  { address, host }: Listened,
): (authorization?: string, asked?: string) => Refusal | undefined {
  if (token !== undefined) {
    const isToken = equals(token);
    return (authorization) => (isToken(bearerToken(authorization)) ? undefined : needsToken);
  }
  if (!isLoopback(address)) return () => servedToNobody;
  return (_authorization, asked) => (isOwnName(asked, host) ? undefined : misdirected);
}

/**
 * A web page of elsewhere could let its own name stand for loopback (DNS rebinding), and its visitor's browser would then read
 * the answers for it. That takes a name of the public DNS: an address, `localhost` and a name without a dot are none.
 * @param asked the header Host, with a port or without; HTTP/1.0 needs none
 */
function isOwnName(asked: string | undefined, configured: string): boolean {
  if (asked === undefined) return true;
  const name = asked.replace(/:\d*$/, '').replaceAll(/[[\]]/g, '').toLowerCase();
  const isLocal = !name.includes('.') || name.endsWith('.localhost');
  return isLocal || isIP(name) !== 0 || name === configured.toLowerCase();
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `::` and `0.0.0.0` are every address of the machine. */
function isLoopback(address: string): boolean {
  return loopback.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

/** "RFC 6750, 2.1. Authorization Request Header Field"; the name of a scheme is not case-sensitive (RFC 9110, 11.1). */
function bearerToken(authorization = ''): string {
  return /^Bearer +([!-~]+) *$/i.exec(authorization)?.[1] ?? '';
}

/** Compares in a time that tells nothing about the token, its length included: hashes of it are compared. */
function equals(token: string): (sent: string) => boolean {
  const wanted = digest(token);
  return (sent) => timingSafeEqual(digest(sent), wanted);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
