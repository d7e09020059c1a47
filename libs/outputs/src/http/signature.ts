/**
 * Signs requests as Standard Webhooks says (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md), for
 * which receivers find libraries in most languages.
 */
import { createHmac } from 'node:crypto';
import { faulty, sound, textOf, type ValueType } from '@dstream/config/schema';

const prefix = 'whsec_';

/** The specification asks for 24 to 64 bytes. */
const [minBytes, maxBytes] = [24, 64];

/** The value of the key `secret`. */
export const signingSecret: ValueType<string> = {
  expected: `signing secret: "${prefix}" and ${minBytes} to ${maxBytes} bytes in base64`,
  blank: '',
  read: (given) => {
    const text = textOf(given);
    const bytes = text === undefined ? 0 : keyOf(text).length;
    if (text !== undefined && isWellFormed(text) && bytes >= minBytes && bytes <= maxBytes)
      return sound(text);
    const right = `write ${prefix} and ${minBytes} to ${maxBytes} random bytes in base64, as "openssl rand -base64 32" prints them`;
    return faulty('the value is not a signing secret', right);
  },
};

function isWellFormed(secret: string): boolean {
  return /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret);
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(prefix.length), 'base64');
}

/** What is signed besides the body. */
export interface SignedHeaders {
  /** The same whenever the same changes are sent. Without dots, which separate what is signed. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/**
 * The headers of a request. Each secret gives a signature, so that receivers may check the new or the old one while a secret
 * is exchanged. Without secrets there are the id and the time only.
 */
export function webhookHeaders(
  { id, timestamp }: SignedHeaders,
  body: Uint8Array,
  secrets: readonly string[],
): Record<string, string> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) };
  if (secrets.length === 0) return headers;
  const sign = (secret: string) =>
    createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return { ...headers, 'webhook-signature': secrets.map((secret) => `v1,${sign(secret)}`).join(' ') };
}
