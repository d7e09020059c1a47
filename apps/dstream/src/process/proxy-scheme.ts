const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/**
 * Writes `http://` before an address of a proxy that has no scheme, as curl and most programs read it: the clients for
 * blobs and sign-in take such an address for an invalid one (`10.0.0.5:3128`) or a scheme (`proxy:3128`).
 */
export function addProxyScheme(env: Record<string, string | undefined>): void {
  for (const name of names) {
    const address = env[name]?.trim() ?? '';
    if (address !== '' && !address.includes('://')) env[name] = `http://${address}`;
  }
}
