/** LIKE as a function of a text, made once for each pattern. */
import { LIKE_FLAGS, likeSource } from '../values/basic/like-pattern.ts';

const matchers = new Map<string, (text: string) => boolean>();
const MOST_KEPT = 1000;

export function likeMatcher(
  pattern: string,
  escape: string,
  caseSensitive: boolean,
): (text: string) => boolean {
  const key = `${caseSensitive ? 'exact' : ''}\u0000${escape}\u0000${pattern}`;
  let matcher = matchers.get(key);
  if (matcher === undefined) {
    const expression = new RegExp(
      `^${likeSource(pattern, escape)}$`,
      caseSensitive ? LIKE_FLAGS.replace('i', '') : LIKE_FLAGS,
    );
    matcher = (text) => expression.test(text);
    if (matchers.size >= MOST_KEPT) matchers.clear();
    matchers.set(key, matcher);
  }
  return matcher;
}
