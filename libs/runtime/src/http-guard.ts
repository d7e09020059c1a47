/**
 * Who may ask the HTTP endpoint for what. Health checks are for everyone. The rest is for who has the token; without a token
 * it is for this machine only: an endpoint that other machines reach serves nothing that tells of tables and outputs.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList } from 'node:net';

/** What `service` of a configuration says about access. */
export interface HttpAccess {
  /** Sent as `Authorization: Bearer …`. Undefined: there is none, and only loopback is served. */
  readonly token: string | undefined;
  /** `/metrics` needs no token, on any address. */
  readonly metricsAnonymous: boolean;
}

/** What is answered instead. */
export interface Refusal {
  readonly status: 401 | 403;
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
   */
  refusal(path: string, authorization: string | undefined): Refusal | undefined;
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

/** @param listened the IP address on which the server listens: a name may stand for any */
export function httpGuard({ token, metricsAnonymous }: HttpAccess, listened: string): HttpGuard {
  const open = ['/livez', '/readyz', ...(metricsAnonymous ? ['/metrics'] : [])];
  const otherwise = otherwiseRefused(token, listened);
  return {
    onlyPaths: token === undefined && !isLoopback(listened) ? open : undefined,
    refusal: (path, authorization) => (open.includes(path) ? undefined : otherwise(authorization)),
  };
}

function otherwiseRefused(
  token: string | undefined,
  listened: string,
): (sent?: string) => Refusal | undefined {
  if (token !== undefined) {
    const isToken = equals(token);
    return (sent) => (isToken(bearerToken(sent)) ? undefined : needsToken);
  }
  const refusal = isLoopback(listened) ? undefined : servedToNobody;
  return () => refusal;
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
