/** A certificate for localhost that the clients of this process trust until the test ends. */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { onTestFinished } from 'vitest';
import {
  makeLocalCertificate,
  type LocalCertificate,
} from '../stand-ins/certificate/src/local-certificate.ts';

export async function trustedCertificate(): Promise<LocalCertificate> {
  const before = getCACertificates('default');
  const certificate = await makeLocalCertificate();
  setDefaultCACertificates([...before, certificate.cert]);
  onTestFinished(() => setDefaultCACertificates(before));
  return certificate;
}
