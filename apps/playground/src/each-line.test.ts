import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { eachLine } from './each-line.ts';

async function linesOf(chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const lines: string[] = [];
  await eachLine(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), (line) => void lines.push(line));
  return lines;
}

test('lines come whole however they were cut into chunks', async () => {
  expect(await linesOf(['a', 'b\nc', '\n', 'd\n'])).toEqual(['ab', 'c', 'd']);
});

test('what stands after the last line feed is a line too', async () => {
  expect(await linesOf(['a\n{"torn'])).toEqual(['a', '{"torn']);
});

test('a line separator of Unicode ends no line', async () => {
  expect(await linesOf(['"a\u2028b\u2029c"\n'])).toEqual(['"a\u2028b\u2029c"']);
});

test('a character that is cut between chunks stays whole', async () => {
  const bytes = Buffer.from('é\n');
  expect(await linesOf([bytes.subarray(0, 1), bytes.subarray(1)])).toEqual(['é']);
});

test('the next line waits for the one before', async () => {
  const seen: string[] = [];
  await eachLine(Readable.from([Buffer.from('a\nb\n')]), async (line) => {
    seen.push(`${line} begins`);
    await Promise.resolve();
    seen.push(`${line} ends`);
  });
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});
