import type { Readable } from 'node:stream';

/**
 * Calls `onLine` with every line of UTF-8 text, one after the other; what stands after the last line feed is the last
 * line. Only a line feed ends a line: Node's readline also splits at U+2028 and U+2029, which JSON leaves as they are.
 */
export async function eachLine(
  stream: Readable | null,
  onLine: (line: string) => void | Promise<void>,
): Promise<void> {
  if (stream === null) return;
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) await onLine(line);
  }
  if (rest !== '') await onLine(rest);
}
