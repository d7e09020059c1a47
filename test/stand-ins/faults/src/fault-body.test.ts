import { expect, test } from 'vitest';
import { flag, optional, pattern, readBody, text, wholeNumber } from './fault-body.ts';

const fields = { count: wholeNumber, where: optional(pattern), name: optional(text), on: optional(flag) };

test('what is declared comes out', () => {
  expect(readBody({ count: 3, where: '^SELECT', on: false }, fields)).toEqual({
    count: 3,
    where: '^SELECT',
    name: undefined,
    on: false,
  });
});

test.each<[unknown, string]>([
  [undefined, '"count" must be a whole number of at least 0'],
  [[], 'the body must be a JSON object'],
  [null, 'the body must be a JSON object'],
  [{ count: -1 }, '"count" must be a whole number of at least 0'],
  [{ count: 1.5 }, '"count" must be a whole number of at least 0'],
  [{ count: 1, where: '(' }, '"where" must be a regular expression'],
  [{ count: 1, name: '' }, '"name" must be a text that is not empty'],
  [{ count: 1, on: 'yes' }, '"on" must be true or false'],
  [{ count: 1, cuont: 2 }, 'unknown field "cuont": known are count, where, name, on'],
])('%j is refused', (body, message) => {
  expect(() => readBody(body, fields)).toThrow(message);
});
