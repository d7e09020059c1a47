import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, type SecureContext } from 'node:tls';
import { PreloginTunnel } from '../handshake/prelogin-tunnel.ts';
import { MessageReader } from '../wire/message-reader.ts';
import { packetType, type Message } from '../wire/packet.ts';
import { Inbox } from './inbox.ts';

export interface TransportEvents {
  /** The bytes are no TDS, or TLS failed; the socket is destroyed. */
  failed(error: unknown): void;
}

/** Brings the encrypted and the plain part of a login into their order: TLS decrypts a turn later. */
class LoginBytes {
  readonly #receive: (bytes: Buffer) => void;
  #held: Buffer[] | undefined = [];

  constructor(receive: (bytes: Buffer) => void) {
    this.#receive = receive;
  }

  decrypted(bytes: Buffer): void {
    this.#receive(bytes);
    for (const held of this.#held ?? []) this.#receive(held);
    this.#held = undefined;
  }

  plain(bytes: Buffer): void {
    if (this.#held === undefined) this.#receive(bytes);
    else this.#held.push(bytes);
  }
}

/** The socket of one client, plain or encrypted: messages in, a stream out, and the signal of its end. */
export class Transport {
  readonly #socket: Socket;
  readonly #events: TransportEvents;
  readonly #inbox = new Inbox();
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;
  #receive: (chunk: Buffer) => void;
  #stream: Duplex;
  #secured: TLSSocket | undefined;
  #onAttention: (() => void) | undefined;

  constructor(socket: Socket, events: TransportEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#stream = socket;
    this.#receive = this.#messages();
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#guarded(chunk));
    // The close that follows an error of the socket is what ends the connection.
    socket.on('error', () => undefined);
    this.#done = new Promise((resolve) => socket.once('close', () => this.#end(resolve)));
  }

  #end(resolve: () => void): void {
    this.#inbox.close();
    this.#stream.destroy();
    this.#secured?.destroy();
    this.#closed.abort();
    resolve();
  }

  /** Where responses go. */
  get stream(): Duplex {
    return this.#stream;
  }

  /** Aborts when the connection is gone. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /** Resolves when the connection is gone. */
  get closed(): Promise<void> {
    return this.#done;
  }

  next(): Promise<Message | undefined> {
    return this.#inbox.next();
  }

  /** While a request runs: who is told of the attention that is meant for it, even when it has already come. */
  watchAttention(onAttention: () => void): void {
    if (this.#inbox.takeIf(packetType.attention)) onAttention();
    else this.#onAttention = onAttention;
  }

  unwatchAttention(): void {
    this.#onAttention = undefined;
  }

  #guarded(chunk: Buffer): void {
    try {
      this.#receive(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#socket.destroyed) return;
    this.#events.failed(error);
    this.#socket.destroy();
  }

  #messages(): (chunk: Buffer) => void {
    const reader = new MessageReader();
    return (chunk) => {
      for (const message of reader.push(chunk)) this.#deliver(message);
    };
  }

  #deliver(message: Message): void {
    if (message.type === packetType.attention && this.#onAttention !== undefined) this.#onAttention();
    else this.#inbox.push(message);
  }

  /** From here on everything goes through TLS. Call it before the client can have sent its first handshake packet. */
  encrypt(secureContext: SecureContext): void {
    this.#secure(new PreloginTunnel(this.#socket), secureContext, this.#messages());
  }

  /** As `encrypt`, but for the login only: `endEncryption` ends it. The client's requests come as plain bytes. */
  encryptLogin(secureContext: SecureContext): void {
    const login = new LoginBytes(this.#messages());
    const tunnel = new PreloginTunnel(this.#socket, (bytes) => login.plain(bytes));
    this.#secure(tunnel, secureContext, (bytes) => login.decrypted(bytes));
  }

  /** The login has come: what is sent from here on is plain. */
  endEncryption(): void {
    this.#stream = this.#socket;
  }

  #secure(tunnel: PreloginTunnel, secureContext: SecureContext, receive: (bytes: Buffer) => void): void {
    this.#receive = (chunk) => tunnel.receive(chunk);
    const secured = new TLSSocket(tunnel, { isServer: true, secureContext });
    secured.on('data', (chunk: Buffer) => {
      try {
        receive(chunk);
      } catch (error) {
        this.#fail(error);
      }
    });
    secured.on('error', (error) => this.#fail(error));
    this.#secured = secured;
    this.#stream = secured;
  }

  /** Sends what was written and closes. */
  end(): void {
    this.#stream.end();
    if (this.#stream !== this.#socket) this.#stream.once('finish', () => this.#socket.end());
  }

  /** Closes at once; what was not sent is lost. */
  drop(): void {
    this.#socket.destroy();
  }
}
