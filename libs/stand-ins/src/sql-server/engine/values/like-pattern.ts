/** The patterns of PATINDEX as regular expressions: % _ [a-z] [^a-z] ("LIKE"). */

/** The source of an expression without anchors, for a search inside a text. */
export function likeSource(pattern: string): string {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    const end = character === '[' ? pattern.indexOf(']', i + 1) : -1;
    if (end > 0) {
      source += characterClass(pattern.slice(i + 1, end));
      i = end;
    } else source += character === '%' ? '.*' : character === '_' ? '.' : literal(character);
  }
  return source;
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

function characterClass(inner: string): string {
  const negated = inner.startsWith('^') && inner.length > 1;
  const body = (negated ? inner.slice(1) : inner).replace(/[\\\]^[]/g, '\\$&');
  if (body === '') return '(?!)';
  return `[${negated ? '^' : ''}${body}]`;
}
