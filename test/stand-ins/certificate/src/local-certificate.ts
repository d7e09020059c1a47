const SUBJECT = [{ name: 'commonName', value: 'localhost' }];
const ALTERNATIVE_NAMES = {
  name: 'subjectAltName' as const,
  altNames: [
    { type: 2 as const, value: 'localhost' },
    { type: 7 as const, ip: '127.0.0.1' },
  ],
};

/** In PEM. */
export interface LocalCertificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * A self-signed certificate for localhost and 127.0.0.1. Loading the library takes 0.1 s and making the key 20 ms,
 * which a start without encryption need not pay.
 */
export async function makeLocalCertificate(): Promise<LocalCertificate> {
  const { generate } = await import('selfsigned');
  const made = await generate(SUBJECT, {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [ALTERNATIVE_NAMES],
  });
  return { key: made.private, cert: made.cert };
}
