import type { Writable } from 'node:stream';
import { ByteWriter } from './byte-writer.ts';
import { drained } from './drained.ts';
import { HEADER_BYTES, packetStatus, writePacketHeader } from './packet.ts';

/** Tokens are sent when this many bytes are together: large enough that a write to the socket is worth its cost. */
const FLUSH_BYTES = 48 * 1024;

export interface ResponseFrame {
  readonly type: number;
  readonly packetBytes: number;
  readonly spid: number;
}

/**
 * One message to the client. Tokens are written to `body`; `flush` cuts them into packets and waits until the
 * socket has taken them, so that a client that does not read holds its request back and not our memory; `end` sends
 * the last packet.
 */
export class ResponseWriter {
  readonly body = new ByteWriter(4096);
  readonly #stream: Writable;
  readonly #frame: ResponseFrame;
  #packetId = 1;

  constructor(stream: Writable, frame: ResponseFrame) {
    this.#stream = stream;
    this.#frame = frame;
  }

  get wantsFlush(): boolean {
    return this.body.length >= FLUSH_BYTES;
  }

  /** Whole packets that can go out before the last one. */
  get fullPackets(): number {
    return this.body.length === 0 ? 0 : Math.floor((this.body.length - 1) / this.#payloadBytes);
  }

  get #payloadBytes(): number {
    return this.#frame.packetBytes - HEADER_BYTES;
  }

  /** Sends up to `packets` of the full packets. */
  async flush(signal: AbortSignal, packets = this.fullPackets): Promise<void> {
    if (packets === 0) return;
    this.#send(packets);
    await drained(this.#stream, signal);
  }

  #send(packets: number): void {
    const { packetBytes } = this.#frame;
    const framed = Buffer.allocUnsafe(packets * packetBytes);
    for (let index = 0; index < packets; index += 1) {
      const from = index * this.#payloadBytes;
      this.#packet(framed, index * packetBytes, from, from + this.#payloadBytes, 0);
    }
    this.body.discard(packets * this.#payloadBytes);
    this.#write(framed);
  }

  #packet(target: Buffer, at: number, from: number, to: number, status: number): void {
    const { type, spid } = this.#frame;
    const length = HEADER_BYTES + to - from;
    writePacketHeader(target, at, { type, status, length, spid, id: this.#packetId });
    this.#packetId += 1;
    this.body.bytes.copy(target, at + HEADER_BYTES, from, to);
  }

  #write(framed: Buffer): void {
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(framed);
  }

  /** Sends everything that is left and ends the message. */
  async end(signal: AbortSignal): Promise<void> {
    await this.flush(signal);
    const last = Buffer.allocUnsafe(HEADER_BYTES + this.body.length);
    this.#packet(last, 0, 0, this.body.length, packetStatus.endOfMessage);
    this.body.truncate(0);
    this.#write(last);
  }
}
