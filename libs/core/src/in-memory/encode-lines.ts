import type { EncodeLines } from '../utf8-lines.ts';
import { utf8 } from './web-globals.ts';

/** The plain way, for tests: all lines as one text. */
export const encodeLines: EncodeLines = (lines) => {
  const texts = Array.from(lines, (parts) => `${parts.join('')}\n`);
  const starts = [0];
  for (const text of texts) starts.push((starts.at(-1) ?? 0) + utf8(text).length);
  return { bytes: utf8(texts.join('')), starts };
};
