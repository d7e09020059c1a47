import { createHash } from 'node:crypto';

/**
 * SHA-256 of a text as hex digits: the hash that core is given. Ingester and processor must use the same one, or the
 * processor would not recognise the shortened session of a table.
 */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
