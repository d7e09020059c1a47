import { expect, test } from 'vitest';
import { exactNumber, isDecimalNumber, parseToRewrite, roundedNumber } from './exact-json.ts';

test.each([
  '{"a":1}',
  '{"a":9007199254740991}',
  '{"a":0.30000000000000004}',
  '{"a":1.10}',
  '{"a":1.0000000000000000000}',
  '{"a":-0}',
  '{"a":1e300,"b":1E+2,"c":0e10}',
  '{"a":"12345678901234567890","b":": 12345678901234567890"}',
])('%s is read exactly', (json) => {
  expect(roundedNumber(json)).toBeUndefined();
});

test.each([
  ['{"a":9007199254740993}', 'a'],
  ['{"a":12345678901234567890}', 'a'],
  ['{"x":1,"b":{"c": -9007199254740993}}', 'c'],
  ['[1,[9007199254740993]]', '0'],
  ['{"a":0.10000000000000000001}', 'a'],
  ['{"a":1e400}', 'a'],
  ['{"a":1e-400}', 'a'],
])('%s is rounded', (json, name) => {
  expect(roundedNumber(json)).toBe(name);
});

test.each([
  ['12.50', 12.5],
  ['+12.5', 12.5],
  ['1250e-2', 12.5],
  ['.5', 0.5],
  ['-0.00', -0],
  ['1E+2', 100],
])('the number %s is exactly %d', (text, number) => {
  expect(exactNumber(text)).toBe(number);
});

test.each([
  ['9007199254740993', true],
  ['0.10000000000000000001', true],
  ['1e400', true],
  ['12,5', false],
  [' 1', false],
  ['.', false],
  ['', false],
  ['Infinity', false],
])('%j has no exact number; a decimal number: %s', (text, isDecimal) => {
  expect([exactNumber(text), isDecimalNumber(text)]).toEqual([undefined, isDecimal]);
});

test('what is read to be written again keeps every digit', () => {
  const json =
    '{"a":9007199254740993,"b":[1.10,-0,1e400,{"c":1E+2}],"d":null,"e":"1.10","__proto__":{"f":1},"g":true}';
  expect(JSON.stringify(parseToRewrite(json))).toBe(json);
});

test.each([
  ['digits and a letter', `${'1'.repeat(200_000)}x`, false],
  ['zeros between digits', `1${'0'.repeat(200_000)}1`, true],
])('a long text is read in linear time: %s', (_, text, isDecimal) => {
  expect([exactNumber(text), isDecimalNumber(text)]).toEqual([undefined, isDecimal]);
});
