import { expect, test } from 'vitest';
import { proxyVariable } from './adapter-services.ts';

test.each([
  [{}, undefined],
  [{ HTTPS_PROXY: ' ', NO_PROXY: '*' }, undefined],
  [{ http_proxy: 'http://p:8080', HTTPS_PROXY: 'http://u:secret@p:8080' }, 'HTTPS_PROXY'],
  [{ all_proxy: 'http://p:8080' }, 'all_proxy'],
])('of %j the proxy is named by %s', (env, name) => {
  expect(proxyVariable(env)).toBe(name);
});
