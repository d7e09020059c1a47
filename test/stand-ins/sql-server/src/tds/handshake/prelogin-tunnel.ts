import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { MessageReader } from '../wire/message-reader.ts';
import { HEADER_BYTES, packetStatus, packetType, writePacketHeader } from '../wire/packet.ts';

/** Content types of TLS records, and the header before their content (RFC 5246, 6.2.1). */
const RECORD = { firstType: 20, lastType: 23, headerBytes: 5 } as const;

/** Of the record at the beginning of `bytes`: at least its header; 0 when no record begins there. */
function recordBytes(bytes: Buffer): number {
  const type = bytes[0];
  if (type === undefined || type < RECORD.firstType || type > RECORD.lastType) return 0;
  return RECORD.headerBytes + (bytes.length < RECORD.headerBytes ? 0 : bytes.readUInt16BE(3));
}

/**
 * The way TLS takes in TDS 7: its handshake rides inside PRELOGIN packets, everything after it is raw ([MS-TDS]
 * 3.2.5.1). The client decides when: it speaks first after the handshake, so its first byte outside a PRELOGIN packet
 * is the end of the handshake for both directions.
 *
 * With encryption of the login only, some clients encrypt all of LOGIN7 and some its first packet (mssql-jdbc,
 * go-mssqldb). TLS records and TDS packets begin with different bytes, so the first byte after a record tells where
 * the encryption ends.
 */
export class PreloginTunnel extends Duplex {
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  #raw = false;
  #flight: Buffer[] = [];
  /** The beginning of a record whose end has not come. */
  #record: Buffer = Buffer.alloc(0);
  #plain = false;
  readonly #onPlain: ((bytes: Buffer) => void) | undefined;

  /** `onPlain`: takes what comes after the encrypted login. Without it everything is encrypted. */
  constructor(socket: Socket, onPlain?: (bytes: Buffer) => void) {
    super();
    this.#socket = socket;
    this.#onPlain = onPlain;
    this.once('close', () => socket.destroy());
  }

  /** Bytes from the socket. Throws `ProtocolError`. */
  receive(chunk: Buffer): void {
    if (!this.#raw && this.#reader.pendingBytes === 0 && chunk[0] !== packetType.prelogin) this.#raw = true;
    if (this.#raw) this.#receiveRaw(chunk);
    else for (const message of this.#reader.push(chunk)) this.#hand(message.body);
  }

  #receiveRaw(chunk: Buffer): void {
    if (this.#onPlain === undefined) this.#hand(chunk);
    else if (this.#plain) this.#onPlain(chunk);
    else this.#receiveRecords(chunk, this.#onPlain);
  }

  #receiveRecords(chunk: Buffer, onPlain: (bytes: Buffer) => void): void {
    let rest = this.#record.length === 0 ? chunk : Buffer.concat([this.#record, chunk]);
    for (let length = recordBytes(rest); length > 0 && length <= rest.length; length = recordBytes(rest)) {
      this.#hand(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    this.#record = rest;
    if (rest.length === 0 || recordBytes(rest) > 0) return;
    this.#plain = true;
    onPlain(rest);
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
