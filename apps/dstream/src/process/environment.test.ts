import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { addProxyScheme, announcedAddress } from './environment.ts';

const at = (address: string, internal = false) =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo;

const machine = {
  lo: [at('127.0.0.1', true), at('::1', true)],
  eth0: [at('fe80::1'), at('10.0.0.7'), at('fd00::7')],
};

test.each([
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['http://node-7.example:8080', 'http://node-7.example:8080'],
  ['http://0.0.0.0:8080', 'http://10.0.0.7:8080'],
  ['http://[::]:8080', 'http://10.0.0.7:8080'],
])('what listens at %s is reached at %s', (listening, announced) => {
  expect(announcedAddress(listening, () => machine)).toBe(announced);
});

test('a machine without a network is reached from itself', () => {
  expect(announcedAddress('http://0.0.0.0:8080', () => ({ lo: machine.lo }))).toBe('http://127.0.0.1:8080');
});

test('where there is no IPv4 address, what listens everywhere is reached by IPv6', () => {
  expect(announcedAddress('http://[::]:8080', () => ({ eth0: [at('fd00::7')] }))).toBe(
    'http://[fd00::7]:8080',
  );
});

test('the address of a proxy without a scheme becomes one of http, another stays', () => {
  const env = {
    HTTPS_PROXY: '10.0.0.5:3128',
    all_proxy: ' proxy:8080 ',
    HTTP_PROXY: 'https://p:1',
    http_proxy: ' ',
  };
  addProxyScheme(env);
  expect(env).toEqual({
    HTTPS_PROXY: 'http://10.0.0.5:3128',
    all_proxy: 'http://proxy:8080',
    HTTP_PROXY: 'https://p:1',
    http_proxy: ' ',
  });
});
