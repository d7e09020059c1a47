import { HEADER_BYTES, packetStatus, type Message } from './packet.ts';
import { ProtocolError } from './protocol-error.ts';

/** No request of an ordinary client is larger; a broken or hostile one must not eat the process. */
const LARGEST_MESSAGE_BYTES = 512 * 1024 * 1024;

/** Puts messages together from the bytes of a socket, however they are cut. */
export class MessageReader {
  #pending: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #partBytes = 0;
  #status = 0;

  /** Bytes of a packet that is not complete: after the last message of a phase there are none. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** The messages that `chunk` completes. Throws `ProtocolError` when it cannot be TDS. */
  push(chunk: Buffer): Message[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: Message[] = [];
    for (let message = this.#packet(); message !== undefined; message = this.#packet()) {
      if (message !== 'incomplete') messages.push(message);
    }
    return messages;
  }

  #packet(): Message | 'incomplete' | undefined {
    if (this.#pending.length < HEADER_BYTES) return undefined;
    const length = this.#pending.readUInt16BE(2);
    if (length < HEADER_BYTES)
      throw new ProtocolError(`A packet of ${length} bytes is shorter than its header.`);
    if (this.#pending.length < length) return undefined;
    const packet = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return this.#append(packet);
  }

  #append(packet: Buffer): Message | 'incomplete' {
    const status = packet.readUInt8(1);
    this.#status |= status;
    this.#parts.push(packet.subarray(HEADER_BYTES));
    this.#partBytes += packet.length - HEADER_BYTES;
    if (this.#partBytes > LARGEST_MESSAGE_BYTES) throw new ProtocolError('The request is too large.');
    return (status & packetStatus.endOfMessage) === 0 ? 'incomplete' : this.#finish(packet.readUInt8(0));
  }

  #finish(type: number): Message {
    const [only] = this.#parts;
    const body = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    const message = { type, status: this.#status, body };
    this.#parts = [];
    this.#partBytes = 0;
    this.#status = 0;
    return message;
  }
}
