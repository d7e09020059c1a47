import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExactly } from './exact-json.ts';

const parse = (text: string) => parseExactly(text, 'it answered');

describe('numbers of an answer', () => {
  test.each([
    '9007199254740993',
    '-12345678901234567890',
    '0.1234567890123456789',
    '1e400',
    '1.00000000000000000001',
    '123456789012345678e-3',
  ])('%s is refused: a double has fewer digits', (number) => {
    expect(() => parse(`[{"data":{"ID":${number}}}]`)).toThrow(
      'it answered with a number in "ID" that has more digits than a double holds; answer with a string',
    );
  });

  test.each([
    '9007199254740992',
    '1e21',
    '1.50000000000000000000',
    '-0.0',
    '5E-324',
    '100000000000000000000',
    '0.00000000000000001',
    '0e99',
  ])('%s is taken', (number) => expect(parse(`[${number}]`)).toEqual([Number(number)]));

  test('what JSON.stringify writes of any double is taken', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parse(JSON.stringify([value]))).toEqual([value === 0 ? 0 : value]);
      }),
    );
  });

  test('digits in strings are no numbers', () => {
    const value = [{ a: ':12345678901234567890', 'b,1e400': '12345678901234567890' }];
    expect(parse(JSON.stringify(value))).toEqual(value);
  });

  test('what is not JSON is refused', () => {
    expect(() => parse('<html>')).toThrow('it answered with what is not JSON');
    expect(() => parse('')).toThrow('it answered with what is not JSON');
  });
});
