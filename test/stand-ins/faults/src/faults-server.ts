/**
 * The faults address: JSON over HTTP on the loopback interface. `GET /counters`, `POST /reset` and `POST` to the paths
 * of `fault-routes.ts`. A malformed body is 400, an unknown path 404, another method 405; each with `{"error": …}`.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CounterBoard } from './counters.ts';
import { BadRequest, readBody, type Fields } from './fault-body.ts';
import { faultRoutes, type FaultRoute, type FaultTargets } from './fault-routes.ts';

export interface FaultsServerOptions {
  /** 0 for a free one. */
  readonly port: number;
  readonly targets: FaultTargets;
  readonly counters: CounterBoard;
  /** Ends every fault and sets the counters to zero. */
  readonly reset: () => void;
  /** A fault that failed for a reason of ours. */
  readonly onError: (error: unknown) => void;
}

export interface FaultsServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const maxBodyBytes = 64 * 1024;

/** Rejects with EADDRINUSE on a busy port. */
export async function startFaultsServer(options: FaultsServerOptions): Promise<FaultsServer> {
  const server = createServer((request, response) => void respond(request, response, options));
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: FaultsServerOptions,
): Promise<void> {
  const { status, body } = await answer(request, options).catch((error: unknown) => failed(error, options));
  const json = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'content-type': 'application/json' }).end(json);
}

async function answer(request: IncomingMessage, options: FaultsServerOptions): Promise<Answer> {
  const path = new URL(request.url ?? '/', 'http://faults').pathname.slice(1);
  if (path === 'counters') return method(request, 'GET', () => options.counters.read());
  if (path === 'reset') return method(request, 'POST', () => options.reset());
  const route = Object.hasOwn(faultRoutes, path)
    ? (faultRoutes[path as keyof typeof faultRoutes] as FaultRoute<Fields, unknown>)
    : undefined;
  if (route === undefined) return unknownPath(path);
  return method(request, 'POST', async () =>
    route.run(options.targets, readBody(await readJson(request), route.fields)),
  );
}

async function method(request: IncomingMessage, wanted: string, run: () => unknown): Promise<Answer> {
  if (request.method !== wanted)
    return { status: 405, body: { error: `${request.method} is not for ${request.url}: use ${wanted}` } };
  return { status: 200, body: (await run()) ?? {} };
}

function unknownPath(path: string): Answer {
  const known = ['counters', 'reset', ...Object.keys(faultRoutes)];
  return { status: 404, body: { error: `no fault "/${path}"`, known: known.map((name) => `/${name}`) } };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBodyBytes) throw new BadRequest(`the body is larger than ${maxBodyBytes} bytes`);
    parts.push(part);
  }
  const body = Buffer.concat(parts).toString();
  if (body.trim() === '') return undefined;
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new BadRequest(`the body is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** The servers refuse what does not exist, an entity or a database, with an error of their own: that is a 400 too. */
function failed(error: unknown, options: FaultsServerOptions): Answer {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof BadRequest || isRefusal(error)) return { status: 400, body: { error: message } };
  options.onError(error);
  return { status: 500, body: { error: message } };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'Refusal' || error.name === 'SqlError');
