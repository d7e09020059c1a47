import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floatNumber, realNumber } from './value-text.ts';

describe('a real', () => {
  test('has as many digits as distinguish it from its neighbours', () => {
    const written = [1.1, 0.1, 3.402_823_5e38, 1.175_494_4e-38, 16_777_216, 33_554_436, 1e-45, 1e20, -0.3];
    expect(written.map((value) => realNumber(Math.fround(value)))).toEqual(written);
  });

  test('of any bits comes back as it was', () =>
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const written = JSON.stringify(realNumber(value));
        expect(Math.fround(Number(JSON.parse(written)))).toBe(value === 0 ? 0 : value);
      }),
    ));

  test('that was a decimal of six digits is that decimal', () =>
    fc.assert(
      fc.property(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: -30, max: 30 }), (n, e) => {
        const decimal = Number(`${n}e${e}`);
        expect(realNumber(Math.fround(decimal))).toBe(n === 0 ? Math.fround(decimal) : decimal);
      }),
    ));
});

test('what JSON has no number for is a text, not null', () => {
  expect([NaN, Infinity, -Infinity].map(floatNumber)).toEqual(['NaN', 'Infinity', '-Infinity']);
  expect([NaN, Infinity, -Infinity].map(realNumber)).toEqual(['NaN', 'Infinity', '-Infinity']);
});
