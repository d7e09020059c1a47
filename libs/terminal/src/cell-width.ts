/** How many columns of a terminal a text fills, and how it is cut or wrapped to fit. */
import { colouredPieces, isColour, visiblePainted, visibleText } from './visible-text.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Two columns: East Asian Width W and F (Unicode Annex 11, by block) and what is drawn as an emoji. */
const wide =
  /^(?:\p{Emoji_Presentation}|.\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1aff0}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}])/u;
/** No column of its own: marks and format characters. */
const none = /^[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns of one character as a person sees it: 0, 1 or 2. */
export function cellWidth(grapheme: string): number {
  if (wide.test(grapheme)) return 2;
  return none.test(grapheme) ? 0 : 1;
}

/** Columns of a text; colours take none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const piece of colouredPieces(text))
    if (!isColour(piece)) for (const { segment } of graphemes.segment(piece)) width += cellWidth(segment);
  return width;
}

/**
 * The text in at most `columns` columns, on one line: cut with an ellipsis where it is longer. Colours stay and are
 * closed; every other control character is made visible.
 */
export function fitLine(text: string, columns: number): string {
  const clean = visiblePainted(text);
  return textWidth(clean) <= columns ? clean : cut(clean, columns - 1);
}

/** As `fitLine`, but what is cut is the start: for what differs at its end. */
export function fitEnd(text: string, columns: number): string {
  const clean = visiblePainted(text);
  if (textWidth(clean) <= columns) return clean;
  let width = 0;
  let kept = '';
  for (const { segment } of [...graphemes.segment(withoutColours(clean))].reverse()) {
    width += cellWidth(segment);
    if (width > columns - 1) break;
    kept = `${segment}${kept}`;
  }
  return `…${kept}`;
}

/** Spaces around a text, to `columns`; a longer one stays as it is. */
export function padTo(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return align === 'left' ? `${text}${space}` : `${space}${text}`;
}

function cut(text: string, columns: number): string {
  let width = 0;
  let kept = '';
  for (const piece of colouredPieces(text)) {
    if (isColour(piece)) {
      kept += piece;
      continue;
    }
    for (const { segment } of graphemes.segment(piece)) {
      width += cellWidth(segment);
      if (width > columns) return `${kept}…${kept.includes('\u001b') ? '\u001b[0m' : ''}`;
      kept += segment;
    }
  }
  return kept;
}

function withoutColours(text: string): string {
  return colouredPieces(text)
    .filter((piece) => !isColour(piece))
    .join('');
}

/** The lines of a text of at most `columns`, broken between words, and inside a word that is longer than a line. */
export function wrapText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words(text, Math.max(columns, 2))) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function words(text: string, columns: number): readonly string[] {
  const clean = text.split(/\s+/u).map(visibleText);
  return clean.filter((word) => word !== '').flatMap((word) => pieces(word, columns));
}

function pieces(word: string, columns: number): readonly string[] {
  const found = [''];
  let width = 0;
  for (const { segment } of graphemes.segment(word)) {
    width += cellWidth(segment);
    if (width > columns) {
      found.push('');
      width = cellWidth(segment);
    }
    found.push(`${found.pop() ?? ''}${segment}`);
  }
  return found;
}
