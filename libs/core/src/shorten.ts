/** Hex digest of a text, at least 16 digits. Passed in: core computes no hashes itself. */
export type Hash = (text: string) => string;

/**
 * `text` if it has at most `max` characters and is plain ASCII, else as much of its start as fits followed by `~`
 * and 16 digits of its hash. The same text always gives the same result.
 */
export function shorten(text: string, max: number, hash: Hash): string {
  if (text.length <= max && /^[\x20-\x7e]*$/.test(text)) return text;
  const readable = text.replace(/[^\x20-\x7e]/g, '_').slice(0, max - 17);
  return `${readable}~${hash(text).slice(0, 16)}`;
}
