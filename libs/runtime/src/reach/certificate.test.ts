import { describe, expect, test } from 'vitest';
import { judge } from './certificate.ts';

const now = Date.UTC(2026, 10, 20);
const days = (count: number) => now + count * 24 * 60 * 60 * 1_000;

function judged(refusedBy: string | undefined, validToMs = days(90)) {
  const certificate = { issuer: 'Corp CA', names: 'db1.example', validToMs };
  return judge({ host: 'db1', port: 443 }, { protocol: 'TLSv1.3', refusedBy, certificate }, now);
}

describe('a certificate', () => {
  test('that is trusted passes', () => {
    expect(judged(undefined)).toEqual({
      outcome: 'passed',
      check: 'network.tls',
      subject: 'db1:443',
      message: 'TLSv1.3, certificate of Corp CA valid until 2027-02-18',
    });
  });

  test('that a peer does not show is no certificate that is trusted', () => {
    expect(judged('ERR_NO_CERTIFICATE', Number.NaN)).toMatchObject({
      outcome: 'failed',
      message: 'the certificate of db1, issued by Corp CA, is not trusted (ERR_NO_CERTIFICATE)',
    });
  });

  test('that ends soon is a warning', () => {
    expect(judged(undefined, days(13))).toMatchObject({
      outcome: 'warned',
      remedy: { text: 'renew the certificate of db1 before 2026-12-03' },
    });
  });

  test.each([
    [
      'CERT_HAS_EXPIRED',
      'the certificate of db1 expired on 2027-02-18',
      'renew the certificate of db1; if it is not expired, correct the clock of this machine',
    ],
    [
      'CERT_NOT_YET_VALID',
      'the certificate of db1 is not valid yet (CERT_NOT_YET_VALID)',
      'correct the clock of this machine',
    ],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'the certificate is not for db1, but for db1.example',
      'write a host name that the certificate has, or give the server a certificate for db1',
    ],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'the certificate of db1, issued by Corp CA, is not trusted (SELF_SIGNED_CERT_IN_CHAIN)',
      'set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of its authority; an unexpected issuer means that a proxy intercepts TLS',
    ],
  ])('that is refused by %s fails', (code, message, text) => {
    expect(judged(code)).toEqual({
      outcome: 'failed',
      check: 'network.tls',
      subject: 'db1:443',
      message,
      remedy: { kind: 'advice', text },
    });
  });
});
