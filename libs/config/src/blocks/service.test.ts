import { describe, expect, test } from 'vitest';
import { httpAddress } from './service.ts';

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
