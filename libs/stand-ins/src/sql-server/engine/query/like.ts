/** LIKE patterns: `%`, `_`, `[a-z]`, `[^a-z]` and an escape character ("LIKE (Transact-SQL)"). */
const matchers = new Map<string, (text: string) => boolean>();
const MOST_KEPT = 1000;

export function likeMatcher(pattern: string, escape: string): (text: string) => boolean {
  const key = `${escape}\u0000${pattern}`;
  let matcher = matchers.get(key);
  if (matcher === undefined) {
    const expression = new RegExp(`^${translate(pattern, escape)}$`, 'isu');
    matcher = (text) => expression.test(text);
    if (matchers.size >= MOST_KEPT) matchers.clear();
    matchers.set(key, matcher);
  }
  return matcher;
}

function translate(pattern: string, escape: string): string {
  const characters = Array.from(pattern);
  let result = '';
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (escape !== '' && character === escape) result += literal(characters[++i] ?? '');
    else if (character === '%') result += '.*';
    else if (character === '_') result += '.';
    else if (character === '[') {
      const close = characters.indexOf(']', i + 1);
      if (close < 0) return '(?!)';
      result += characterClass(characters.slice(i + 1, close));
      i = close;
    } else result += literal(character);
  }
  return result;
}

function characterClass(characters: readonly string[]): string {
  const negated = characters[0] === '^';
  const body = characters.slice(negated ? 1 : 0);
  if (body.length === 0) return '(?!)';
  const inner = body.map((character, i) =>
    character === '-' && i > 0 && i < body.length - 1 ? '-' : literal(character),
  );
  return `[${negated ? '^' : ''}${inner.join('')}]`;
}

const literal = (character: string): string =>
  /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
