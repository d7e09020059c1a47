import { expect, test } from 'vitest';
import { addProxyScheme } from './proxy-scheme.ts';

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
