/** The proxy that the environment names, as the clients read it. */
import { proxyVariable } from '@dstream/core';

/** A proxy for HTTP. */
export interface Proxy {
  /** Which variable names it. */
  readonly variable: string;
  readonly host: string;
  readonly port: number;
  /** The connection to it speaks TLS. */
  readonly secure: boolean;
  /** `Proxy-Authorization`, if the variable holds credentials. Secret. */
  readonly authorization: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Undefined where none is named, where NO_PROXY names the host, and where the variable is no address: clients report that.
 */
export function proxyFor(
  { host, tls }: { readonly host: string; readonly tls: boolean },
  env: Env,
): Proxy | undefined {
  const variable = proxyVariable(tls ? env : withoutHttps(env));
  if (variable === undefined || isExcluded(host, env['NO_PROXY'] ?? env['no_proxy'] ?? '')) return undefined;
  const text = env[variable]?.trim() ?? '';
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  return url === null ? undefined : proxyOf(variable, url);
}

/** A plain address does not take the proxy of https ones. */
function withoutHttps(env: Env): Env {
  return { ...env, HTTPS_PROXY: undefined, https_proxy: undefined };
}

function proxyOf(variable: string, url: URL): Proxy {
  const secure = url.protocol === 'https:';
  const credentials = [url.username, url.password].map(decodeURIComponent).join(':');
  return {
    variable,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || (secure ? 443 : 80),
    secure,
    authorization: url.username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

/** `*`, a host, or a domain with or without a dot before it. */
function isExcluded(host: string, noProxy: string): boolean {
  const entries = noProxy.split(/[\s,]+/).map((entry) => entry.replace(/^\*?\.|:\d+$/g, '').toLowerCase());
  const name = host.toLowerCase();
  return entries.some(
    (entry) => entry === '*' || (entry !== '' && (name === entry || name.endsWith(`.${entry}`))),
  );
}
