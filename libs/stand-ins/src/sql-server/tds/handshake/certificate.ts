import { createSecureContext, type SecureContext } from 'node:tls';

const SUBJECT = [{ name: 'commonName', value: 'localhost' }];
const ALTERNATIVE_NAMES = {
  name: 'subjectAltName' as const,
  altNames: [
    { type: 2 as const, value: 'localhost' },
    { type: 7 as const, ip: '127.0.0.1' },
  ],
};

/**
 * A self-signed certificate for localhost and 127.0.0.1, made when the first client wants encryption: loading the
 * library takes 0.1 s and the key 20 ms, which a start without encryption need not pay.
 */
export class Certificate {
  #context: Promise<SecureContext> | undefined;

  /** TLS 1.2 at most, as SQL Server does with TDS 7: version 1.3 goes on talking after its handshake. */
  context(): Promise<SecureContext> {
    this.#context ??= this.#make();
    return this.#context;
  }

  async #make(): Promise<SecureContext> {
    const { generate } = await import('selfsigned');
    const made = await generate(SUBJECT, {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [ALTERNATIVE_NAMES],
    });
    return createSecureContext({ key: made.private, cert: made.cert, maxVersion: 'TLSv1.2' });
  }
}
