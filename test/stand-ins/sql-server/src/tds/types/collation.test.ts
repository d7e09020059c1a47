import { expect, test } from 'vitest';
import { ByteWriter } from '../wire/byte-writer.ts';
import { COLLATION, readCodePage, writeCodePage } from './collation.ts';

function encoded(text: string): Buffer {
  const out = new ByteWriter(1);
  writeCodePage(out, text);
  return out.take();
}

test('every byte of windows-1252 survives', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  expect(encoded(readCodePage(bytes, COLLATION))).toEqual(bytes);
});

test('characters the code page does not have become question marks, one for each unit', () => {
  expect(encoded('a日😀€').toString('latin1')).toBe('a???\x80');
});

test('a client with a UTF-8 collation is read as UTF-8', () => {
  expect(readCodePage(Buffer.from('日'), Buffer.of(0x09, 0x04, 0xd0, 0x04, 0))).toBe('日');
});
