import { expect, test } from 'vitest';
import { headerMap } from './header-map.ts';

/** As an output reads them that sets `webhook-` headers. */
const headers = headerMap(/^webhook-/i);

function given(names: Readonly<Record<string, string | number>>, fromVariable = false) {
  const value = (item: string | number) => ({ value: item, shown: 'the value', fromVariable, items: [] });
  const entries = new Map(Object.entries(names).map(([name, item]) => [name, value(item)]));
  return { value: names, shown: 'an object', fromVariable: false, items: [], entries };
}

test('headers are names and texts; names are in lower case', () => {
  expect(headers.read(given({ 'X-Team': 'cdc', Authorization: 'Bearer abc' }))).toEqual({
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
])('%j is refused: %s', (names, wrong) => {
  expect(headers.read(given(names as Record<string, string | number>))).toMatchObject({
    faults: [{ wrong }],
  });
});

test('a caller that reserves no names leaves them to its user, except those of the connection', () => {
  const all = headerMap();
  expect(all.read(given({ 'Webhook-Id': '1', 'ce-source': 'us' }))).toEqual({
    value: { 'webhook-id': '1', 'ce-source': 'us' },
  });
  expect(all.read(given({ Host: 'h' }))).toMatchObject({
    faults: [{ wrong: 'the header Host is set by DStream' }],
  });
});

test('a text is no object of headers', () => {
  const text = { value: 'X: 1', shown: '"X: 1"', fromVariable: false, items: [] };
  expect(headers.read(text)).toMatchObject({ faults: [{ wrong: '"X: 1" is not an object' }] });
});

test('what signs in or comes out of a variable is secret, alone and with its scheme', () => {
  const names = { Authorization: 'Bearer abcdefgh', 'X-Api-Key': 'k1234567', 'X-Team': 'dstream' };
  expect(headers.secretsOf?.(given(names))).toEqual(['Bearer abcdefgh', 'abcdefgh', 'k1234567']);
  expect(headers.secretsOf?.(given({ 'X-Team': 'dstream' }, true))).toEqual(['dstream']);
});
