import { expect, test } from 'vitest';
import { configuredAddress, httpAddressOf } from './http-address.ts';

test.each([
  ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['[::1]:8080', 'http://[::1]:8080'],
  ['http://db1:80/', 'http://db1'],
])('%s is the address %s', (text, address) => expect(httpAddressOf(text)).toBe(address));

test.each(['8080', 'db1', 'db1:0', 'db1:8080/status', 'me@db1:8080', 'db1:8080?x=1'])('%s is none', (text) =>
  expect(() => httpAddressOf(text)).toThrow('An address is HOST:PORT'),
);

test.each([
  [{ host: '127.0.0.1', port: 8080 }, 'http://127.0.0.1:8080'],
  [{ host: '::', port: 9090 }, 'http://127.0.0.1:9090'],
  [{ host: '0.0.0.0', port: 9090 }, 'http://127.0.0.1:9090'],
  [{ host: '::1', port: 9090 }, 'http://[::1]:9090'],
  [{ host: 'db1', port: 0 }, undefined],
  [undefined, undefined],
])('a process of service { http = %j } is asked at %s', (http, address) =>
  expect(configuredAddress({ http })).toBe(address),
);
