/** In the order in which HTTP clients look for the proxy of an https address. */
const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/**
 * The variable that names a proxy; undefined when none does. Its value may hold a password: errors repeat the name
 * only.
 */
export function proxyVariable(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return names.find((name) => (env[name] ?? '').trim() !== '');
}
