/**
 * Any text as ASCII and back, unchanged. Metadata travels in HTTP headers, where other characters fail or are mangled.
 * Percent-encoded UTF-8; a lone surrogate, which SQL Server allows in a name and UTF-8 does not know, is `%uD800`.
 */
export function toAscii(text: string): string {
  return Array.from(text, characterToAscii).join('');
}

function characterToAscii(character: string): string {
  if (character.isWellFormed()) return encodeURIComponent(character);
  return `%u${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Undefined for what `toAscii` did not make. */
export function fromAscii(ascii: string): string | undefined {
  try {
    return ascii
      .split(/(%uD[89A-F][0-9A-F]{2})/)
      .map(partFromAscii)
      .join('');
  } catch {
    return undefined;
  }
}

function partFromAscii(part: string): string {
  if (part.startsWith('%u')) return String.fromCharCode(Number.parseInt(part.slice(2), 16));
  return decodeURIComponent(part);
}
