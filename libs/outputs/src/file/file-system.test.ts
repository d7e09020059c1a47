import { expect, test } from 'vitest';
import { appendAll } from './file-system.ts';

const bytes = (...texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text));

test.each([1, 2, 3, 5, 100])('everything is written when a call takes %i bytes at most', async (most) => {
  let written = '';
  const writev = <T extends readonly NodeJS.ArrayBufferView[]>(buffers: T) => {
    const some = Buffer.concat(buffers as unknown as readonly Uint8Array[]).subarray(0, most);
    written += some.toString();
    return Promise.resolve({ bytesWritten: some.length, buffers });
  };
  await appendAll({ writev }, bytes('ab', 'c', '', 'defgh', 'i'));
  expect(written).toBe('abcdefghi');
});
