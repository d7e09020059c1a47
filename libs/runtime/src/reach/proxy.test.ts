import { describe, expect, test } from 'vitest';
import { proxyFor } from './proxy.ts';

const to = { host: 'hook.example', tls: true };

describe('the proxy', () => {
  test('is the one that the environment names, with its credentials apart', () => {
    expect(proxyFor(to, { HTTPS_PROXY: 'http://me:p%40ss@proxy:3128' })).toEqual({
      variable: 'HTTPS_PROXY',
      host: 'proxy',
      port: 3128,
      secure: false,
      authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    });
  });

  test.each([
    ['proxy:3128', { host: 'proxy', port: 3128, secure: false }],
    ['https://proxy', { host: 'proxy', port: 443, secure: true }],
    ['http://[::1]:8080', { host: '::1', port: 8080 }],
  ])('%s has the address %j', (HTTPS_PROXY, address) => {
    expect(proxyFor(to, { HTTPS_PROXY })).toMatchObject(address);
  });

  test.each(['*', 'hook.example', 'other, .example', '*.example', 'HOOK.example:443'])(
    'is not taken where NO_PROXY is %s',
    (NO_PROXY) => expect(proxyFor(to, { HTTPS_PROXY: 'http://proxy', NO_PROXY })).toBeUndefined(),
  );

  test.each(['', 'ook.example', 'example.org'])('is taken where NO_PROXY is "%s"', (NO_PROXY) => {
    expect(proxyFor(to, { HTTPS_PROXY: 'http://proxy', NO_PROXY })).toMatchObject({ host: 'proxy' });
  });

  test('of https addresses is not that of plain ones', () => {
    const env = { HTTPS_PROXY: 'http://a', HTTP_PROXY: 'http://b' };
    expect(proxyFor({ ...to, tls: false }, env)).toMatchObject({ variable: 'HTTP_PROXY' });
  });

  test('is none where the variable is no address', () => {
    expect(proxyFor(to, { HTTPS_PROXY: 'http://:::' })).toBeUndefined();
  });
});
