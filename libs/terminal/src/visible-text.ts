/**
 * Text from outside (names and values of a database, errors of a server) made safe for a terminal: what would move the
 * cursor, start an escape sequence or change the order in which characters are shown is written as `\u001b`, the way
 * JSON writes it. A line of JSON therefore stays the same JSON.
 */

/**
 * C0, DEL and C1 controls (ECMA-48, OSC among them), line and paragraph separators, and the bidirectional controls of
 * Unicode Annex 9, section 2.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** One colour or the end of it (SGR), or one run of anything else. */
// oxlint-disable-next-line no-control-regex -- escape sequences are what is looked for
const pieces = /\u001b\[[\d;]*m|[^\u001b]+|\u001b/g;

/** On one line, nothing of it obeyed. */
export function visibleText(text: string): string {
  return text.replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same for a message with several lines: line feeds stay. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}

/** The same of a line that was painted: colours stay. What is painted must have been made visible before. */
export function visiblePainted(text: string): string {
  return colouredPieces(text)
    .map((piece) => (isColour(piece) ? piece : visibleText(piece)))
    .join('');
}

/** A text as its colours and the pieces between them. */
export function colouredPieces(text: string): readonly string[] {
  return text.match(pieces) ?? [];
}

/** True for a piece of `colouredPieces` that is an escape sequence of a colour. */
export function isColour(piece: string): boolean {
  return piece.startsWith('\u001b[');
}
