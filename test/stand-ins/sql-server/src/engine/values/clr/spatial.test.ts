import { expect, test } from 'vitest';
import { decodeSpatial, encodeSpatial } from './spatial-bytes.ts';
import { parseWellKnownText, wellKnownText } from './well-known-text.ts';

const shapeOf = (text: string) => {
  const shape = parseWellKnownText(text);
  if (shape === undefined) throw new Error(`${text} is no shape`);
  return shape;
};

test.each([
  'POINT (1 2)',
  'POINT (-122.3493 47.651 5 7.5)',
  'POINT (1 2 NULL 3)',
  'POINT EMPTY',
  'LINESTRING (1 2, 3 4)',
  'LINESTRING (1 2, 3 4, 5 6.25)',
  'POLYGON ((0 0, 10 0, 10 10, 0 0), (1 1, 2 1, 2 2, 1 1))',
  'POLYGON EMPTY',
  'MULTIPOINT ((1 2), (3 4))',
  'MULTILINESTRING ((1 2, 3 4), (5 6, 7 8, 9 10))',
  'MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5), (5 5, 6 5, 6 6, 5 5)))',
  'GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION (LINESTRING (1 2, 3 4)), POINT EMPTY)',
  'POINT (1E+15 1.5E-05)',
])('%s comes back from its bytes', (text) => {
  for (const type of ['geometry', 'geography'] as const) {
    const decoded = decodeSpatial(encodeSpatial({ srid: 4326, shape: shapeOf(text) }, type), type);
    expect(decoded?.srid).toBe(4326);
    expect(decoded && wellKnownText(decoded.shape, true)).toBe(text);
  }
});

test('a point of a geography has the bytes that SQL Server writes: latitude first', () => {
  const bytes = encodeSpatial({ srid: 4326, shape: shapeOf('POINT(-22.34900 47.65100)') }, 'geography');
  expect(Buffer.from(bytes).toString('hex').toUpperCase()).toBe(
    'E6100000010C17D9CEF753D34740D34D6210585936C0',
  );
});

test('STAsText leaves out heights and measures', () => {
  expect(wellKnownText(shapeOf('linestring(1 2 3,4 5 6 7)'), false)).toBe('LINESTRING (1 2, 4 5)');
});

test.each([
  '', 'POINT', 'POINT (1)', 'POINT (1 2', 'POINT (1 2) x', 'CIRCLE (1 2)', 'LINESTRING (1 2)', 'POINT (1 2, 3 4)',
  'POLYGON ((0 0, 1 1, 0 0))', 'POLYGON ((0 0, 1 0, 1 1, 0 5))', 'POINT (a b)',
])('%j is refused', (text) => {
  expect(parseWellKnownText(text)).toBe(undefined);
}); // prettier-ignore

test('bytes of nothing known are refused', () => {
  expect(decodeSpatial(Uint8Array.of(1, 2, 3), 'geometry')).toBe(undefined);
  expect(decodeSpatial(new Uint8Array(22), 'geometry')).toBe(undefined);
});
