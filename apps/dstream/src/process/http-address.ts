/** Where a process serves its status: as a person writes it, and as a configuration says it. */
import type { ServiceConfig } from '@dstream/config';
import { InvalidArgumentError } from 'commander';

/** `host:port`, `[::1]:8080` or an http address, as `http://host:port`. */
export function httpAddressOf(text: string): string {
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `http://${text}`);
  const bare = url !== null && url.pathname === '/' && url.search === '' && url.username === '';
  if (!bare || !/:\d+\/?$/.test(text) || url.port === '0')
    throw new InvalidArgumentError('An address is HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.');
  return url.origin;
}

/** Of a process of this configuration, seen from its machine; undefined where none is served, and for port 0, which can be any. */
export function configuredAddress({ http }: Pick<ServiceConfig, 'http'>): string | undefined {
  if (http === undefined || http.port === 0) return undefined;
  const host = ['0.0.0.0', '::'].includes(http.host) ? '127.0.0.1' : http.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
}
