/**
 * Tokens signed with a shared access key: `SharedAccessSignature sr=…&sig=…&se=…&skn=…`, where `sig` is the base64 of
 * the HMAC-SHA256 of the encoded `sr`, a line feed and `se` ("Generate a SAS token", Event Hubs and Service Bus).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { BrokerClock } from './broker-clock.ts';

export interface SharedAccessKey {
  readonly name: string;
  readonly key: string;
}

/** The key of a stand-in's connection string. No secret: the server is on the loopback address. */
export const standInKey: SharedAccessKey = {
  name: 'RootManageSharedAccessKey',
  key: Buffer.from('stand-in').toString('base64'),
};

export function connectionStringOf(port: number, { name, key }: SharedAccessKey): string {
  return `Endpoint=sb://localhost:${port};SharedAccessKeyName=${name};SharedAccessKey=${key};UseDevelopmentEmulator=true;`;
}

const prefix = 'SharedAccessSignature ';

export const isSharedAccessToken = (token: unknown): token is string =>
  typeof token === 'string' && token.startsWith(prefix);

/** What is wrong with a token, in the service's words; undefined when it is good. */
export function faultOfToken(token: unknown, known: SharedAccessKey, clock: BrokerClock): string | undefined {
  if (!isSharedAccessToken(token)) return 'MalformedToken: The token is malformed.';
  const fields = new Map(token.slice(prefix.length).split('&').map(field));
  const [resource, signature, expiry] = [fields.get('sr'), fields.get('sig'), fields.get('se')];
  if (resource === undefined || signature === undefined || expiry === undefined)
    return 'MalformedToken: The token is malformed.';
  const signed = decodeURIComponent(fields.get('skn') ?? '') === known.name;
  if (!signed || !isSignature(signature, `${resource}\n${expiry}`, known.key))
    return 'InvalidSignature: The token has an invalid signature.';
  return Number(expiry) * 1000 > clock.nowMs() ? undefined : 'ExpiredToken: The token is expired.';
}

function field(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `given` is base64, percent-encoded. */
function isSignature(given: string, signed: string, key: string): boolean {
  const expected = createHmac('sha256', key).update(signed).digest();
  const actual = Buffer.from(decodeURIComponent(given), 'base64');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
