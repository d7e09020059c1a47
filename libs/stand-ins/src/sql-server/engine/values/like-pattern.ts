/** The patterns of LIKE and PATINDEX as regular expressions: % _ [a-z] [^a-z] and an escape character ("LIKE"). */

export interface LikeOptions {
  readonly escape?: string;
  readonly caseSensitive?: boolean;
}

/** Anchored at both ends. Case-insensitive unless asked. */
export function likeExpression(pattern: string, options: LikeOptions = {}): RegExp {
  return new RegExp(`^${likeSource(pattern, options.escape)}$`, options.caseSensitive === true ? 's' : 'si');
}

/** The pattern without anchors, for a search inside a text. */
export function likeSource(pattern: string, escape?: string): string {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    if (escape !== undefined && character === escape && i + 1 < pattern.length) {
      source += literal(pattern.charAt(++i));
      continue;
    }
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
