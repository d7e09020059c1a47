/** `/livez`, `/readyz`, `/status` and `/metrics` of a process, on loopback unless configured otherwise. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DStreamError, withoutSecrets } from '@dstream/core';
import type { Metrics } from './metrics.ts';

/** What the endpoint listens on and serves. */
export interface HttpOptions {
  /** `::` is every address of both families, or of IPv4 where the machine has no IPv6. */
  readonly host: string;
  readonly port: number;
  /** A busy port that was configured is an error; a busy default one is replaced by a free one. */
  readonly configured: boolean;
  readonly metrics: Metrics;
  /** What of the process is not ready, or undefined when all is. Faults of tables are in `status`. */
  readonly notReady: () => string | undefined;
  /** JSON for `/status`. */
  readonly status: () => unknown;
  /** Removes the secrets of the configuration from a text. */
  readonly redact: (text: string) => string;
}

/** The listening server. Disposing it closes all its connections. */
export interface HttpEndpoint extends AsyncDisposable {
  /** As `http://127.0.0.1:8080`. */
  readonly address: string;
  /** True when the default port was busy and a free one was taken. */
  readonly replaced: boolean;
}

/** Called once by a process. Throws PortInUse for a configured port that is taken. */
export async function startHttp(options: HttpOptions): Promise<HttpEndpoint> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => response.writeHead(500).end());
  });
  const replaced = await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  const host = options.host === every ? address : options.host;
  return { address: `http://${inUrl(host)}:${port}`, replaced, [Symbol.asyncDispose]: () => close(server) };
}

const every = '::';

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function listen(server: Server, { host, port, configured }: HttpOptions): Promise<boolean> {
  try {
    await listenOn(server, host, port);
    return false;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE' && !configured) {
      await listenOn(server, host, 0);
      return true;
    }
    const why = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be listened on (${code})`;
    throw new DStreamError(
      'PortInUse',
      `service.http: ${inUrl(host)}:${port} ${why}: choose another, or port 0`,
      {
        cause: error,
      },
    );
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Without a host, Node listens on :: for both families, or on 0.0.0.0 where there is no IPv6.
    server.listen({ port, ...(host !== every && { host }) }, () => {
      server.off('error', reject);
      // Later errors are those of accepting a connection (EMFILE): that client sees it, the process goes on.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'text/plain', 'only GET\n');
  else if (path === '/livez') send(response, 200, 'text/plain', 'alive\n');
  else if (path === '/readyz') sendReady(response, options.notReady());
  else if (path === '/status') send(response, 200, 'application/json', statusOf(options));
  else if (path === '/metrics')
    send(response, 200, options.metrics.contentType, await options.metrics.text());
  else send(response, 404, 'text/plain', 'known: /livez /readyz /status /metrics\n');
}

/** Faults quote the texts of dependencies, which may hold secrets. */
function statusOf({ status, redact }: HttpOptions): string {
  const text = JSON.stringify(status(), (_key, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value) : value,
  );
  return `${redact(text)}\n`;
}

function sendReady(response: ServerResponse, notReady: string | undefined): void {
  send(response, notReady === undefined ? 200 : 503, 'text/plain', `${notReady ?? 'ready'}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType }).end(body);
}
