/**
 * What holds for every client over AMQP, whatever the service: sockets without delay, connections that are watched, and the
 * transport. Loads no SDK. Exported as `@dstream/service-bus/amqp`.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import { proxyVariable, type ErrorCode } from '@dstream/core';
import { WebSocket } from 'ws';

/**
 * Notices that a connection of the SDK was cut. The SDK's own promises do not: a send whose link broke waits for its
 * time limit. One watch per connection; the SDK may open it again by itself.
 */
export class ConnectionWatch {
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();

  /** Runs a call of the SDK as `withoutDelay` does. Rejects with `cut()` when the connection closes meanwhile. */
  run<T>(cut: () => Error, call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const notice = () => reject(cut());
      this.#waiting.add(notice);
      withoutDelay(call, this)
        .finally(() => this.#waiting.delete(notice))
        .then(resolve, reject);
    });
  }

  /** For `withoutDelay`: a socket was opened. */
  add(socket: Socket): void {
    this.#sockets.add(socket);
  }

  /** For `withoutDelay`: a socket was closed. */
  delete(socket: Socket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size > 0) return;
    for (const notice of this.#waiting) notice();
  }
}

/** Receives sockets that open and close. A set of sockets is one. */
interface SocketObserver {
  add(socket: Socket): unknown;
  delete(socket: Socket): unknown;
}

const inside = new AsyncLocalStorage<SocketObserver>();

/** Node's own channel for sockets that a client opens, TCP and TLS (Node, Diagnostics Channel, "TCP Socket"). */
subscribe('net.client.socket', (message) => {
  const sockets = inside.getStore();
  if (sockets === undefined) return;
  const { socket } = message as { socket: Socket };
  socket.setNoDelay(true);
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});

/**
 * Runs calls of the SDK so that connections they open send small frames at once. Neither the SDK nor rhea has an option
 * for that, and with Nagle's algorithm a settlement after a settlement waits for the peer's delayed
 * acknowledgement: 44 ms instead of 0.5 ms, measured. Other sockets of the process are not touched.
 * @param sockets receives the sockets of these connections
 */
export function withoutDelay<T>(calls: () => T, sockets: SocketObserver = new Set<Socket>()): T {
  return inside.run(sockets, calls);
}

/** How AMQP travels: over TLS on port 5671, or over WebSockets on port 443. */
export type Transport = 'amqp' | 'websockets';

/**
 * The `webSocketOptions` of the clients for Service Bus and Event Hubs, through the HTTP proxy that the environment names;
 * nothing for plain AMQP.
 */
export function transportOptions(transport: Transport | undefined, env: NodeJS.ProcessEnv = process.env) {
  if (transport !== 'websockets') return {};
  const webSocketConstructorOptions = { agent: new Agent({ proxyEnv: proxyEnvironment(env) }) };
  return { webSocketOptions: { webSocket: WebSocket, webSocketConstructorOptions } };
}

/** For Node's agent, which knows neither ALL_PROXY nor HTTP_PROXY for an https address, as the client for blobs does. */
function proxyEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const variable = proxyVariable(env);
  const noProxy = env['NO_PROXY'] ?? env['no_proxy'];
  const proxy = variable === undefined ? undefined : env[variable]?.trim();
  return {
    ...(proxy !== undefined && { HTTPS_PROXY: proxy.includes('://') ? proxy : `http://${proxy}` }),
    ...(noProxy !== undefined && { NO_PROXY: noProxy }),
  };
}

/** What a person behind a proxy has to know when a connection fails, to be appended to its error; else nothing. */
export function proxyHint(code: ErrorCode, env: NodeJS.ProcessEnv = process.env): string {
  const variable = code === 'Unreachable' || code === 'TimedOut' ? proxyVariable(env) : undefined;
  return variable === undefined
    ? ''
    : ` (AMQP passes the proxy of ${variable} only with transport = "websockets")`;
}
