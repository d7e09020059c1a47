import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { MessageReader } from '../wire/message-reader.ts';
import { HEADER_BYTES, packetStatus, packetType, writePacketHeader } from '../wire/packet.ts';

/**
 * The way TLS takes in TDS 7: its handshake rides inside PRELOGIN packets, everything after it is raw ([MS-TDS]
 * 3.2.5.1). The client decides when: it speaks first after the handshake, so its first byte outside a PRELOGIN packet
 * is the end of the handshake for both directions.
 */
export class PreloginTunnel extends Duplex {
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  #raw = false;
  #flight: Buffer[] = [];

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    this.once('close', () => socket.destroy());
  }

  /** Bytes from the socket. Throws `ProtocolError`. */
  receive(chunk: Buffer): void {
    if (!this.#raw && this.#reader.pendingBytes === 0 && chunk[0] !== packetType.prelogin) this.#raw = true;
    if (this.#raw) this.#hand(chunk);
    else for (const message of this.#reader.push(chunk)) this.#hand(message.body);
  }

  #hand(bytes: Buffer): void {
    if (!this.push(bytes)) this.#socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#raw) {
      this.#socket.write(chunk, callback);
      return;
    }
    // A client expects one message for each of its own: what TLS writes in one turn is one flight.
    if (this.#flight.length === 0) setImmediate(() => this.#sendFlight());
    this.#flight.push(chunk);
    callback();
  }

  #sendFlight(): void {
    const bytes = Buffer.concat(this.#flight);
    this.#flight = [];
    const framed = Buffer.alloc(HEADER_BYTES + bytes.length);
    const header = { type: packetType.prelogin, status: packetStatus.endOfMessage, spid: 0, id: 1 };
    writePacketHeader(framed, 0, { ...header, length: framed.length });
    bytes.copy(framed, HEADER_BYTES);
    if (!this.#socket.destroyed) this.#socket.write(framed);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(callback);
  }
}
