/** `/livez`, `/readyz`, `/status` and `/metrics` of a process, on loopback unless configured otherwise. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DStreamError, withoutSecrets } from '@dstream/core';
import { httpGuard, type HttpAccess, type HttpGuard } from './http-guard.ts';
import type { Metrics } from './metrics.ts';

/** What the endpoint listens on and serves. */
export interface HttpOptions {
  /** `::` is every address of both families, or of IPv4 where the machine has no IPv6. */
  readonly host: string;
  readonly port: number;
  /** A busy port that was configured is an error; a busy default one is replaced by a free one. */
  readonly configured: boolean;
  readonly access: HttpAccess;
  readonly metrics: Metrics;
  /** Why the process is to be ended, or undefined while it does its work. */
  readonly notAlive: () => string | undefined;
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
  /** The only paths that are served, for want of a token; undefined when all are. */
  readonly onlyPaths: readonly string[] | undefined;
}

/** Called once by a process. Throws PortInUse for a configured port that is taken. */
export async function startHttp(options: HttpOptions): Promise<HttpEndpoint> {
  const server = createServer();
  const replaced = await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  const guard = httpGuard(options.access, { address, host: options.host });
  // No request comes before this: the event loop has not turned since the server began to listen.
  server.on('request', requestHandler(guard, options));
  const host = options.host === every ? address : options.host;
  return {
    address: `http://${inUrl(host)}:${port}`,
    replaced,
    onlyPaths: guard.onlyPaths,
    [Symbol.asyncDispose]: () => close(server),
  };
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

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What answers a request for a path. */
type Route = (options: HttpOptions) => Answer | Promise<Answer>;

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/livez', ({ notAlive }) => health(notAlive(), 'alive')],
  ['/readyz', ({ notReady }) => health(notReady(), 'ready')],
  ['/status', (options) => ({ status: 200, headers: typed('application/json'), body: statusOf(options) })],
  [
    '/metrics',
    async ({ metrics }) => ({ status: 200, headers: typed(metrics.contentType), body: await metrics.text() }),
  ],
]);

function requestHandler(guard: HttpGuard, options: HttpOptions) {
  return (request: IncomingMessage, response: ServerResponse) => {
    answer(request, guard, options)
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
      .catch(() => response.writeHead(500).end());
  };
}

async function answer(request: IncomingMessage, guard: HttpGuard, options: HttpOptions): Promise<Answer> {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const { authorization, host } = request.headers;
  const refusal = guard.refusal(path, authorization, host);
  if (refusal !== undefined) return plain(refusal.status, refusal.text, refusal.headers);
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET\n');
  return (await routes.get(path)?.(options)) ?? plain(404, `known: ${[...routes.keys()].join(' ')}\n`);
}

/** Faults quote the texts of dependencies, which may hold secrets. */
function statusOf({ status, redact }: HttpOptions): string {
  const text = JSON.stringify(status(), (_key, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value) : value,
  );
  return `${redact(text)}\n`;
}

function health(problem: string | undefined, sound: string): Answer {
  return plain(problem === undefined ? 200 : 503, `${problem ?? sound}\n`);
}

function plain(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { ...headers, ...typed('text/plain') }, body };
}

function typed(contentType: string): Answer['headers'] {
  return { 'content-type': contentType };
}
