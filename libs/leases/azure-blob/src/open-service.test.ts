import { afterEach, describe, expect, test, vi } from 'vitest';
import { openService, type BlobAddress } from './storage.ts';

const address: BlobAddress = {
  connectionString:
    'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=b3Blbg==;EndpointSuffix=core.windows.net',
};

afterEach(() => vi.unstubAllEnvs());

describe('what makes a client for blobs impossible is named', () => {
  test.each(['10.0.0.5:3128', 'http://u:hunter2@@:99999'])('the proxy %s', (proxy) => {
    vi.stubEnv('HTTPS_PROXY', proxy);
    expect(() => openService(address)).toThrow(
      'the variable HTTPS_PROXY is not the address of a proxy: write http://HOST:PORT, or unset it',
    );
  });

  test('the connection string, where the proxy is sound', () => {
    vi.stubEnv('HTTPS_PROXY', 'http://10.0.0.5:3128');
    expect(() => openService({ connectionString: 'AccountName=shop' })).toThrow(
      /^the connection string of locks cannot be read/,
    );
    expect(openService(address).accountName).toBe('shop');
  });
});
