import { expect, test } from 'vitest';
import { headerMap } from './header-map.ts';

function given(headers: Readonly<Record<string, string | number>>, fromVariable = false) {
  const value = (item: string | number) => ({ value: item, shown: 'the value', fromVariable, items: [] });
  const entries = new Map(Object.entries(headers).map(([name, item]) => [name, value(item)]));
  return { value: headers, shown: 'an object', fromVariable: false, items: [], entries };
}

test('headers are names and texts; names are in lower case', () => {
  expect(headerMap.read(given({ 'X-Team': 'cdc', Authorization: 'Bearer abc' }))).toEqual({
    value: { 'x-team': 'cdc', authorization: 'Bearer abc' },
  });
});

test.each([
  [{ 'a b': 'x' }, '"a b" is not the name of a header'],
  [{ 'Content-Length': '1' }, 'the header Content-Length is set by DStream'],
  [{ 'Webhook-Id': '1' }, 'the header Webhook-Id is set by DStream'],
  [{ 'X-A': 'a\r\nX-B: b' }, 'the value of the header X-A is not a text of visible ASCII characters'],
  [{ 'X-A': 'é' }, 'the value of the header X-A is not a text of visible ASCII characters'],
  [{ 'X-A': '' }, 'the value of the header X-A is not a text of visible ASCII characters'],
  [{ 'X-A': '1', 'x-a': '2' }, 'duplicate header x-a'],
  [{ 'X-A': 1 }, 'the value of the header X-A is not a text of visible ASCII characters'],
])('%j is refused: %s', (headers, wrong) => {
  expect(headerMap.read(given(headers as Record<string, string | number>))).toMatchObject({
    faults: [{ wrong }],
  });
});

test('a text is no object of headers', () => {
  const text = { value: 'X: 1', shown: '"X: 1"', fromVariable: false, items: [] };
  expect(headerMap.read(text)).toMatchObject({ faults: [{ wrong: '"X: 1" is not an object' }] });
});

test('what signs in or comes out of a variable is secret, alone and with its scheme', () => {
  const headers = { Authorization: 'Bearer abcdefgh', 'X-Api-Key': 'k1234567', 'X-Team': 'dstream' };
  expect(headerMap.secretsOf?.(given(headers))).toEqual(['Bearer abcdefgh', 'abcdefgh', 'k1234567']);
  expect(headerMap.secretsOf?.(given({ 'X-Team': 'dstream' }, true))).toEqual(['dstream']);
});
