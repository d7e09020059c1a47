/** The patterns of LIKE and PATINDEX: `%`, `_`, `[a-z]`, `[^a-z]` and an escape character ("LIKE (Transact-SQL)"). */

/** The source of a regular expression without anchors; its flags are `LIKE_FLAGS`. */
export function likeSource(pattern: string, escape = ''): string {
  const characters = Array.from(pattern);
  let result = '';
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (escape !== '' && character === escape) result += literal(characters[++i] ?? '');
    else if (character === '%') result += '.*';
    else if (character === '_') result += '.';
    else if (character === '[') {
      const close = characters.indexOf(']', i + 1);
      if (close < 0) return NOTHING;
      result += characterClass(characters.slice(i + 1, close));
      i = close;
    } else result += literal(character);
  }
  return result;
}

/** Without case, as the collation is; `%` and `_` stand for the ends of lines, too. */
export const LIKE_FLAGS = 'isu';

/** Matches nothing: a bracket that is not closed, and an empty pair. */
const NOTHING = '(?!)';

function characterClass(characters: readonly string[]): string {
  const negated = characters[0] === '^';
  const body = characters.slice(negated ? 1 : 0);
  if (body.length === 0) return NOTHING;
  const inner = body.map((character, i) =>
    character === '-' && i > 0 && i < body.length - 1 ? '-' : literal(character),
  );
  return `[${negated ? '^' : ''}${inner.join('')}]`;
}

const literal = (character: string): string =>
  /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
