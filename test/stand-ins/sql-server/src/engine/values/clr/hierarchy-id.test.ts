import { expect, test } from 'vitest';
import { compareBytes } from '../comparison/compare-values.ts';
import {
  decodeHierarchyPath,
  encodeHierarchyPath,
  hierarchyPathText,
  parseHierarchyPath,
} from './hierarchy-id.ts';

const encoded = (text: string): Uint8Array => {
  const path = parseHierarchyPath(text);
  const bytes = path && encodeHierarchyPath(path);
  if (bytes === undefined) throw new Error(`${text} is no path`);
  return bytes;
};

const hex = (text: string): string => Buffer.from(encoded(text)).toString('hex').toUpperCase();

test('well-known paths have their well-known bytes', () => {
  expect(hex('/')).toBe('');
  expect(hex('/1/')).toBe('58');
  expect(hex('/2/')).toBe('68');
  expect(hex('/1/1/')).toBe('5AC0');
  expect(hex('/4/')).toBe('84');
  expect(hex('/1.1/')).toBe('62C0');
});

test.each([
  '/', '/0/', '/3/', '/4/', '/15/', '/16/', '/79/', '/80/', '/1103/', '/1104/', '/5199/', '/5200/', '/4294972495/',
  '/4294972496/', '/281479271683151/', '/-1/', '/-8/', '/-9/', '/-72/', '/-73/', '/-4168/', '/-4169/', '/-4294971464/',
  '/-4294971465/', '/-281479271682120/', '/1.5/2.-3.4/100000/',
])('%s comes back', (text) => {
  expect(hierarchyPathText(decodeHierarchyPath(encoded(text)) ?? [])).toBe(text);
}); // prettier-ignore

test('bytes are in depth-first order', () => {
  const ordered = [
    '/',
    '/-9/',
    '/-1/',
    '/0/',
    '/1/',
    '/1/1/',
    '/1.1/',
    '/2/',
    '/3/9/',
    '/4/',
    '/80/',
    '/5200/',
  ];
  const sorted = ordered.toReversed().sort((a, b) => compareBytes(encoded(a), encoded(b)));
  expect(sorted).toEqual(ordered);
});

test.each(['', '1', '/1', '1/', '//', '/a/', '/1..2/', '/.1/', '/999999999999999/'])(
  '%j is refused',
  (text) => {
    const path = parseHierarchyPath(text);
    expect(path && encodeHierarchyPath(path)).toBe(undefined);
  },
);

test('bytes that end inside of an ordinal are no path', () => {
  expect(decodeHierarchyPath(Uint8Array.of(0xe0))).toBe(undefined);
});
