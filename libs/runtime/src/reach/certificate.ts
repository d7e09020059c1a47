/** The check `network.tls`: the handshake, and the judgement of the certificate. */
import type { CheckResult } from '@dstream/core';
import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import { codeOf, shownAddress, timedOut, type Address, type StepLimit } from './reach-target.ts';

const check = 'network.tls';

/** A certificate that ends sooner is worth a warning. */
const soonMs = 14 * 24 * 60 * 60 * 1_000;

/** What a handshake showed. */
export interface Handshake {
  readonly protocol: string;
  /** Why the certificate is refused ("X509 certificate error codes", Node.js, TLS); undefined when it is trusted. */
  readonly refusedBy: string | undefined;
  readonly certificate: CertificateFacts;
}

/** For people. */
export interface CertificateFacts {
  readonly issuer: string;
  readonly names: string;
  /** Wall clock, ms since 1970 UTC. */
  readonly validToMs: number;
}

/** Destroys the socket. Rejects with `signal.reason` on abort only. */
export async function checkCertificate(
  socket: Socket,
  target: Address,
  { signal, limitMs }: StepLimit,
): Promise<CheckResult> {
  const { host } = target;
  const secure = connect({
    socket,
    // A name only: "Server Name Indication" knows no addresses (RFC 6066, 3).
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    // The handshake goes on, so that it can be said who issued a certificate that is refused.
    rejectUnauthorized: false,
  });
  secure.setTimeout(limitMs, () => secure.destroy(timedOut()));
  try {
    await once(secure, 'secureConnect', { signal });
    return judge(target, {
      protocol: secure.getProtocol() ?? 'TLS',
      refusedBy: secure.authorized ? undefined : String(secure.authorizationError),
      certificate: factsOf(secure.getPeerCertificate()),
    });
  } catch (error) {
    signal.throwIfAborted();
    return noHandshake(target, error);
  } finally {
    secure.destroy();
    socket.destroy();
  }
}

function factsOf({ issuer, subject, subjectaltname, valid_to: validTo }: PeerCertificate): CertificateFacts {
  const text = (name: string | string[] | undefined) => [name ?? 'nobody'].flat().join(', ');
  return {
    issuer: text(issuer?.CN ?? issuer?.O),
    names: (subjectaltname ?? text(subject?.CN)).replaceAll(/\b(?:DNS|IP Address):/g, ''),
    validToMs: Date.parse(validTo),
  };
}

/** Pure but for the clock, which tells whether the certificate ends soon. */
export function judge(
  to: Address,
  { protocol, refusedBy, certificate }: Handshake,
  nowMs = Date.now(),
): CheckResult {
  const { host } = to;
  const subject = shownAddress(to);
  const until = dayOf(certificate.validToMs);
  if (refusedBy !== undefined) return { check, subject, ...refusal(host, refusedBy, certificate, until) };
  const message = `${protocol}, certificate of ${certificate.issuer} valid until ${until}`;
  if (certificate.validToMs - nowMs > soonMs) return { outcome: 'passed', check, subject, message };
  const remedy = { kind: 'advice', text: `renew the certificate of ${host} before ${until}` } as const;
  return { outcome: 'warned', check, subject, message, remedy };
}

/** A peer may show no certificate at all. */
function dayOf(ms: number): string {
  return Number.isNaN(ms) ? 'an unknown date' : new Date(ms).toISOString().slice(0, 10);
}

function refusal(host: string, code: string, { issuer, names }: CertificateFacts, until: string) {
  const failed = (message: string, text: string) =>
    ({ outcome: 'failed', message, remedy: { kind: 'advice', text } }) as const;
  if (code === 'CERT_HAS_EXPIRED')
    return failed(
      `the certificate of ${host} expired on ${until}`,
      `renew the certificate of ${host}; if it is not expired, correct the clock of this machine`,
    );
  if (code === 'CERT_NOT_YET_VALID')
    return failed(
      `the certificate of ${host} is not valid yet (${code})`,
      'correct the clock of this machine',
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return failed(
      `the certificate is not for ${host}, but for ${names}`,
      `write a host name that the certificate has, or give the server a certificate for ${host}`,
    );
  return failed(
    `the certificate of ${host}, issued by ${issuer}, is not trusted (${code})`,
    'set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority; an unexpected issuer means that a proxy intercepts TLS',
  );
}

function noHandshake(to: Address, error: unknown): CheckResult {
  const subject = shownAddress(to);
  return {
    outcome: 'failed',
    check,
    subject,
    message: `${subject} does not complete a TLS handshake (${codeOf(error)})`,
    remedy: {
      kind: 'advice',
      text: 'check that the port is the one for TLS, and that no firewall or proxy on the network path blocks TLS',
    },
  };
}
