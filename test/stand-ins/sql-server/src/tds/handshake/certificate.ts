import { createSecureContext, type SecureContext } from 'node:tls';
import { makeLocalCertificate } from '@dstream/stand-in-certificate';

/** The server's certificate, made when the first client wants encryption. */
export class Certificate {
  #context: Promise<SecureContext> | undefined;

  /** TLS 1.2 at most, as SQL Server does with TDS 7: version 1.3 goes on talking after its handshake. */
  context(): Promise<SecureContext> {
    this.#context ??= makeLocalCertificate().then((pem) =>
      createSecureContext({ ...pem, maxVersion: 'TLSv1.2' }),
    );
    return this.#context;
  }
}
