import type { Position } from '@dstream/core';
import { expect, test } from 'vitest';
import { decodeProgress, encodeProgress } from './held-session.ts';

const progress = { generation: 1795166130123, position: '0000002A:7' as Position };

test('progress is stored as small JSON that an operator can read', () => {
  const text = encodeProgress(progress).toString('utf8');
  expect(text).toBe('{"v":1,"generation":1795166130123,"position":"0000002A:7"}');
  expect(decodeProgress(JSON.parse(text))).toEqual(progress);
});

test.each([undefined, null, new Uint8Array()])('no state is no progress: %s', (state) => {
  expect(decodeProgress(state)).toBe('none');
});

test.each([
  'text',
  7,
  Buffer.from('not JSON'),
  {},
  { v: 2, generation: 1, position: 'p' },
  { v: 1, generation: 1.5, position: 'p' },
  { v: 1, generation: '1', position: 'p' },
  { v: 1, generation: 1 },
])('what was not written by this is unreadable: %j', (state) => {
  expect(decodeProgress(state)).toBe('unreadable');
});
