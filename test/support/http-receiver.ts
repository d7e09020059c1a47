/** A web service of this machine that takes requests and answers as a test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { LocalCertificate } from '../stand-ins/certificate/src/local-certificate.ts';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Connections are counted from 1. */
  readonly connection: number;
}

/** Answers a request; `undefined` answers it with 200. */
export type Answer = (response: ServerResponse, request: ReceivedRequest) => void | Promise<void>;

export class HttpReceiver implements AsyncDisposable {
  /** All but OPTIONS, as they arrived. */
  readonly requests: ReceivedRequest[] = [];
  /** Those that were answered with 200, in the order of their arrival. */
  readonly accepted: ReceivedRequest[] = [];
  readonly asked: ReceivedRequest[] = [];
  /** How the next requests are answered, each once; then `otherwise` answers. */
  readonly next: Answer[] = [];
  otherwise: Answer | undefined;
  /** How OPTIONS is answered; 204 if not given. */
  options: Answer | undefined;
  readonly #server;
  readonly #sockets = new Map<Socket, number>();
  readonly #scheme: string;
  #connections = 0;

  private constructor(certificate: LocalCertificate | undefined) {
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      void this.#take(request, response);
    this.#scheme = certificate === undefined ? 'http' : 'https';
    this.#server =
      certificate === undefined ? createServer(listener) : createSecureServer(certificate, listener);
    this.#server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.set(socket, (this.#connections += 1));
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    });
  }

  static async start(certificate?: LocalCertificate): Promise<HttpReceiver> {
    const receiver = new HttpReceiver(certificate);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    return `${this.#scheme}://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** The answer of those that have no other. */
  accept(response: ServerResponse, request: ReceivedRequest): void {
    this.accepted.push(request);
    response.end('{"ok":true}');
  }

  async #take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    message.on('error', () => undefined);
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const request: ReceivedRequest = {
      method: message.method ?? '',
      path: message.url ?? '',
      headers: message.headers as ReceivedRequest['headers'],
      body: Buffer.concat(chunks),
      connection: this.#sockets.get(message.socket) ?? 0,
    };
    if (request.method === 'OPTIONS') {
      this.asked.push(request);
      await (this.options ?? status(204))(response, request);
      return;
    }
    this.requests.push(request);
    const answer = this.next.shift() ?? this.otherwise;
    if (answer === undefined) this.accept(response, request);
    else await answer(response, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.keys()) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Answers with a status. */
export function status(code: number, headers: Record<string, string> = {}, text = ''): Answer {
  return (response) => void response.writeHead(code, headers).end(text);
}

/** The lines of a request in any of its forms. */
export function linesOf({ headers, body }: ReceivedRequest): readonly string[] {
  if (headers['content-type'] === 'application/x-ndjson') return body.toString().split('\n').slice(0, -1);
  const value: unknown = JSON.parse(body.toString());
  return Array.isArray(value) ? value.map((item) => JSON.stringify(item)) : [body.toString()];
}
