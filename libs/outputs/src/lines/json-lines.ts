import type { RoutedEvent } from '@dstream/core';

const lineEnd = 0x0a;

/** The lines of changes as JSON Lines in UTF-8, each with its end. What arrived as bytes is copied, not encoded again. */
export function jsonLines(events: readonly RoutedEvent[]): Buffer {
  const lines = events.map(({ line }) => line);
  const text = Buffer.allocUnsafe(lines.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const line of lines) {
    text.set(line, at);
    text[at + line.length] = lineEnd;
    at += line.length + 1;
  }
  return text;
}
