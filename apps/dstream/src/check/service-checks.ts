/** The checks of the block `service`: whether its port is free, and what it would serve to whom. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Configuration, HttpAddress, ServiceConfig } from '@dstream/config';
import type { CallOptions, CheckResult } from '@dstream/core';
import { httpGuard } from '@dstream/runtime/http-guard';
import type { CheckedPart } from '@dstream/runtime/service-context';
import { askHealth } from '../health/ask-health.ts';
import { configuredAddress } from '../process/http-address.ts';

/** Its checks. They listen at the configured port for a moment. */
export function serviceChecks({ service }: Configuration): CheckedPart {
  return {
    path: 'service',
    type: '',
    async *checks(o) {
      const { http } = service;
      if (http === undefined) {
        yield { outcome: 'passed', check: 'service.http', message: 'http = "": nothing is served' };
        return;
      }
      const listened = await tryToListen(http, o);
      yield 'code' in listened
        ? await notFree(shown(http), listened.code, service)
        : { outcome: 'passed', check: 'service.http', message: freeText(http) };
      if ('address' in listened) yield judgeAccess(listened.address, service);
    },
  };
}

/** The IP address on which it listened, or why it could not. */
type Listened = { readonly address: string } | { readonly code: string };

async function tryToListen({ host, port }: HttpAddress, { signal }: CallOptions): Promise<Listened> {
  const server = createServer();
  try {
    server.listen({ port, ...(host !== '::' && { host }) });
    await once(server, 'listening', { signal });
    const bound = server.address();
    return { address: bound !== null && typeof bound === 'object' ? bound.address : host };
  } catch (error) {
    signal.throwIfAborted();
    return { code: String((error as NodeJS.ErrnoException).code) };
  } finally {
    server.close();
  }
}

const longestAnswerMs = 2_000;

async function notFree(at: string, code: string, service: ServiceConfig): Promise<CheckResult> {
  const address = code === 'EADDRINUSE' ? configuredAddress(service) : undefined;
  if (address !== undefined) {
    const { healthy } = await askHealth({ address, about: 'alive', timeoutMs: longestAnswerMs });
    if (healthy)
      return { outcome: 'passed', check: 'service.http', message: `dstream is running at ${address}` };
  }
  return judgeBusy(at, code, service.httpConfigured);
}

/** Pure. @param configured the file names the address: a service that finds it taken does not start */
export function judgeBusy(address: string, code: string, configured: boolean): CheckResult {
  const check = 'service.http';
  if (code !== 'EADDRINUSE')
    return failed(check, `${address} cannot be listened on here (${code})`, adviceFor(code));
  const message = `${address} is taken by another process, which is not dstream`;
  if (configured)
    return failed(check, message, `choose another port in service { http }, or 0 for any free one`);
  const text = 'name a free port in service { http }, so that probes and metrics know it';
  const taken = `${message}: a service takes any free port instead`;
  return { outcome: 'warned', check, message: taken, remedy: { kind: 'advice', text } };
}

function adviceFor(code: string): string {
  if (code === 'EACCES')
    return 'choose port 1024 or higher in service { http }: lower ports need a privilege';
  return code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
    ? 'name an address of this machine in service { http }, or ":8080" for all of them'
    : 'choose another address in service { http }';
}

function failed(check: string, message: string, text: string): CheckResult {
  return { outcome: 'failed', check, message, remedy: { kind: 'advice', text } };
}

/** Pure. @param listened the IP address on which a service would listen */
export function judgeAccess(
  listened: string,
  service: Pick<ServiceConfig, 'token' | 'metricsAnonymous'>,
): CheckResult {
  const check = 'service.token';
  const { onlyPaths } = httpGuard(service, { address: listened, host: listened });
  if (onlyPaths === undefined) {
    const message =
      service.token === undefined
        ? `no token: everything is served, on ${listened} only`
        : 'status and metrics ask for the token';
    return { outcome: 'passed', check, message };
  }
  return {
    outcome: 'warned',
    check,
    message: `no token, and ${listened} is not loopback: only ${onlyPaths.join(' ')} are served`,
    remedy: { kind: 'advice', text: 'write token = "{{ env "DSTREAM_HTTP_TOKEN" }}" in service' },
  };
}

function freeText(http: HttpAddress): string {
  return http.port === 0 ? 'port 0: any free port is taken' : `${shown(http)} is free`;
}

function shown({ host, port }: HttpAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
