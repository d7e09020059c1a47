import { cellWidth, textWidth } from './cell-width.ts';
import { visibleText } from './visible-text.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

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
