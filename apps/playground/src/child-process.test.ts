import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { addressIn, complaintOf, eachLine } from './child-process.ts';

async function linesOf(chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const lines: string[] = [];
  await eachLine(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), (line) => void lines.push(line));
  return lines;
}

test('lines come whole however they were cut into chunks', async () => {
  expect(await linesOf(['a', 'b\nc', '\n', 'd\n'])).toEqual(['ab', 'c', 'd']);
});

test('what follows the last line feed is a line too', async () => {
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

test.each([
  ['{"level":"info","msg":"started"}', undefined],
  ['{"level":"warn","msg":"slow","reason":"busy"}', 'slow (busy)'],
  ['{"level":"error","msg":"stopped"}', 'stopped'],
  ['dstream: no server', 'dstream: no server'],
  ['', undefined],
])('%s says %s', (line, complaint) => {
  expect(complaintOf(line)).toBe(complaint);
});

test.each([
  ['{"level":"info","msg":"listening","http":"http://127.0.0.1:4711"}', 'http://127.0.0.1:4711'],
  ['{"level":"info","msg":"started"}', undefined],
  ['http://127.0.0.1:4711', undefined],
])('the address in %s is %s', (line, address) => {
  expect(addressIn(line)).toBe(address);
});
