/** Stands for Microsoft Entra ID: gives tokens as the stand-ins judge them, and remembers what was asked of it. */
import type { AccessToken, TokenCredential } from '@dstream/core';

export interface TokenChoice {
  /** One that is no longer good when it arrives. */
  readonly expired?: boolean;
}

/** An unsigned JSON Web Token of a resource, valid for an hour around now. */
export function tokenFor(resource: string, { expired = false }: TokenChoice = {}): string {
  const now = Math.floor(Date.now() / 1_000);
  const exp = expired ? now - 60 : now + 3_600;
  const claims = {
    aud: resource,
    // An issuer that Azurite accepts.
    iss: 'https://sts.windows.net/11111111-1111-1111-1111-111111111111/',
    iat: now - 3_600,
    nbf: now - 3_600,
    exp,
    oid: '22222222-2222-2222-2222-222222222222',
    jti: crypto.randomUUID(),
  };
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ typ: 'JWT', alg: 'none' })}.${part(claims)}.`;
}

export class FakeCredential implements TokenCredential {
  readonly scopes: string[] = [];
  readonly tokens: string[] = [];
  /** Thrown instead of giving a token. */
  failure: Error | undefined;
  choice: TokenChoice = {};

  getToken(scopes: string | string[]): Promise<AccessToken> {
    const [scope = ''] = [scopes].flat();
    this.scopes.push(scope);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const token = tokenFor(scope.replace(/\.default$/, ''), this.choice);
    this.tokens.push(token);
    return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
  }
}
