/**
 * Tokens of Microsoft Entra ID as far as they are judged here: a JSON Web Token for Azure SQL that has not expired
 * ("Microsoft identity platform access tokens"). Its signature is not: there is nobody to have signed it.
 */
const audiences: ReadonlySet<unknown> = new Set([
  'https://database.windows.net',
  'https://database.windows.net/',
]);

interface Claims {
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly oid?: unknown;
}

/** The object id of who signed in (its name in the database's eyes), or undefined for a token that is refused. */
export function userOfToken(token: string, nowMs: number): string | undefined {
  const { aud, exp, nbf, oid } = claimsOf(token);
  const nowSeconds = nowMs / 1000;
  if (!audiences.has(aud) || typeof oid !== 'string') return undefined;
  if (typeof exp !== 'number' || exp <= nowSeconds) return undefined;
  return typeof nbf === 'number' && nbf > nowSeconds ? undefined : oid;
}

function claimsOf(token: string): Claims {
  const [, claims = ''] = token.split('.');
  try {
    const read: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString());
    return typeof read === 'object' && read !== null ? read : {};
  } catch {
    return {}; // not a token at all
  }
}
