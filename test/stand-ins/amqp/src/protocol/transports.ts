/**
 * One port for every transport of AMQP: plain TCP, TLS, and WebSockets over either. The first byte of a connection tells
 * which: AMQP begins with `A`, a TLS handshake with 0x16, the HTTP request of a WebSocket with `G`. So one connection
 * string serves every client, whichever transport it insists on.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { LocalCertificate } from '@dstream/stand-in-certificate';

export interface TransportsOptions {
  /** Called once, when the first client begins a TLS handshake. */
  readonly certificate: () => Promise<LocalCertificate>;
  /** Answers HTTP requests that ask for no WebSocket; 426 without it. */
  readonly onRequest?: RequestListener | undefined;
  /** A stream that begins with an AMQP header. */
  readonly onStream: (stream: Duplex) => void;
  readonly onError: (error: unknown) => void;
}

const tlsHandshake = 0x16;
const letterG = 0x47;

/** Path and subprotocols of the services (WebSocketTransport of azure-servicebus for Python, `conn.go` of azservicebus). */
const path = /^\/\$servicebus\/websocket\/?(\?.*)?$/i;
const subprotocols = ['AMQPWSB10', 'amqp'];

export class Transports {
  readonly #options: TransportsOptions;
  readonly #http: Server;
  readonly #webSockets = new WebSocketServer({ noServer: true, handleProtocols: chooseSubprotocol });
  #secureContext: Promise<SecureContext> | undefined;

  constructor(options: TransportsOptions) {
    this.#options = options;
    this.#http = createServer((request, response) => {
      const { onRequest } = options;
      if (onRequest !== undefined && !path.test(request.url ?? '')) onRequest(request, response);
      else response.writeHead(426, { upgrade: 'websocket' }).end();
    });
    this.#http.on('upgrade', (request, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
  }

  /** Takes a connection of which nothing was read yet. */
  accept(socket: Duplex): void {
    // A client that breaks off: the close that follows is what counts.
    socket.on('error', () => socket.destroy());
    const look = (): void => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.off('readable', look);
      socket.unshift(first);
      this.#hand(socket, first[0]);
    };
    socket.on('readable', look);
    socket.once('end', () => socket.destroy());
  }

  #hand(socket: Duplex, firstByte: number | undefined): void {
    if (firstByte === tlsHandshake) this.#secure(socket).catch((error: unknown) => this.#fail(socket, error));
    else if (firstByte === letterG) this.#http.emit('connection', socket);
    else this.#options.onStream(socket);
  }

  async #secure(socket: Duplex): Promise<void> {
    this.#secureContext ??= this.#options.certificate().then((made) => createSecureContext({ ...made }));
    const secureContext = await this.#secureContext;
    if (!socket.destroyed) this.accept(new TLSSocket(socket, { isServer: true, secureContext }));
  }

  #fail(socket: Duplex, error: unknown): void {
    socket.destroy();
    this.#options.onError(error);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!path.test(request.url ?? '')) return refuse(socket, '404 Not Found');
    if (chooseSubprotocol(offeredBy(request)) === false) return refuse(socket, '400 Bad Request');
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      stream.on('error', () => stream.destroy());
      this.#options.onStream(stream);
    });
  }
}

function offeredBy(request: IncomingMessage): ReadonlySet<string> {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return new Set(header.split(',').map((name) => name.trim()));
}

function chooseSubprotocol(offered: ReadonlySet<string>): string | false {
  return subprotocols.find((name) => offered.has(name)) ?? false;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}
