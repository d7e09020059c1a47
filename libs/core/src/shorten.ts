/**
 * Hex digest of a text's UTF-8, at least 16 digits. Passed in: core computes no hashes itself. A lone surrogate, which
 * SQL Server allows in a name, has no UTF-8: all of them are hashed as U+FFFD, and texts that differ in nothing else get
 * one digest. Where the digest alone tells two apart, hash `JSON.stringify(text)`, which escapes them.
 */
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
