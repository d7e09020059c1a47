import { describe, expect, test } from 'vitest';
import { accessToken, httpAddress } from './service.ts';

describe('the http address', () => {
  const read = (value: string) => httpAddress.read({ value, shown: '', fromVariable: false, items: [] });
  test.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    [':8080', { host: '::', port: 8080 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['', undefined],
  ])('%j', (text, value) => expect(read(text)).toEqual({ value }));
  test.each(['8080', 'localhost', 'a:b', 'a:99999', '::1:80'])('%j is none', (text) =>
    expect(read(text)).toHaveProperty('faults'),
  );
});

describe('the token', () => {
  const read = (value: string, fromVariable = true) =>
    accessToken.read({ value, shown: 'the value', fromVariable, items: [] });

  test.each(['0123456789abcdef', 'a'.repeat(512), 'with+/=.~-_:;"{}', '0123456789abcdef\n'])('%j', (text) =>
    expect(read(text)).toEqual({ value: text.trim() }),
  );
  test.each([
    '',
    ' ',
    '0123456789abcde',
    'a'.repeat(513),
    'words with spaces in it',
    '0123456789\tabcdef',
    '0123456789\r\nX-Header: 1',
    '0123456789abcdé',
  ])('%j is none, and is not repeated', (text) => {
    const result = read(text);
    expect(result).toHaveProperty('faults');
    expect(JSON.stringify(result)).not.toContain('0123456789');
  });
  test('of a file it is taken as it is', () =>
    expect(read('0123456789abcdef ', false)).toHaveProperty('faults'));
});
