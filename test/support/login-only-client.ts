/**
 * A client that encrypts its login only, as mssql-jdbc and go-mssqldb do: the first packet of LOGIN7 goes through TLS,
 * everything else is plain.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import {
  encryption,
  preloginAnswer,
  readEncryption,
} from '../stand-ins/sql-server/src/tds/handshake/prelogin.ts';
import { MessageReader } from '../stand-ins/sql-server/src/tds/wire/message-reader.ts';
import {
  HEADER_BYTES,
  packetStatus,
  packetType,
  writePacketHeader,
  type Message,
} from '../stand-ins/sql-server/src/tds/wire/packet.ts';

function packet(type: number, status: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length);
  writePacketHeader(bytes, 0, { type, status, length: bytes.length, spid: 0, id: 1 });
  body.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** Carries the handshake in PRELOGIN packets; what is written after it goes out as it is. */
class Handshake extends Duplex {
  readonly #socket: Socket;
  isOver = false;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }

  override _read(): void {
    // What comes is pushed.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#socket.write(
      this.isOver ? chunk : packet(packetType.prelogin, packetStatus.endOfMessage, chunk),
      callback,
    );
  }
}

const FIXED_BYTES = 94;
const TDS_7_4 = 0x74000004;
/** Places of user, password and database among the offsets of LOGIN7 ([MS-TDS] 2.2.6.4). */
const PLACES = { user: 40, password: 44, database: 68 } as const;

/** As a password travels: the halves of each byte swapped, then XOR with 0xA5. */
const obscured = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.map((byte) => ((byte << 4) | (byte >>> 4)) ^ 0xa5));

function loginBody(fields: Readonly<Record<keyof typeof PLACES, string>>): Buffer {
  const fixed = Buffer.alloc(FIXED_BYTES);
  const parts: Buffer[] = [fixed];
  let offset = FIXED_BYTES;
  for (const [field, place] of Object.entries(PLACES)) {
    const text = fields[field as keyof typeof PLACES];
    const bytes = Buffer.from(text, 'utf16le');
    fixed.writeUInt16LE(offset, place);
    fixed.writeUInt16LE(text.length, place + 2);
    parts.push(field === 'password' ? obscured(bytes) : bytes);
    offset += bytes.length;
  }
  fixed.writeUInt32LE(offset, 0);
  fixed.writeUInt32LE(TDS_7_4, 4);
  return Buffer.concat(parts);
}

async function nextMessage(socket: Socket, reader = new MessageReader()): Promise<Message> {
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    const [message] = reader.push(chunk);
    if (message !== undefined) return message;
  }
}

/** Resolves with the ENCRYPTION that the server chose, and its answer to the login as it came over the socket. */
export async function logInEncryptedOnly(port: number): Promise<{ chosen: number; answer: Message }> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(packet(packetType.prelogin, packetStatus.endOfMessage, preloginAnswer(encryption.off)));
    const chosen = readEncryption((await nextMessage(socket)).body);
    const handshake = new Handshake(socket);
    const reader = new MessageReader();
    const receive = (chunk: Buffer): void => reader.push(chunk).forEach(({ body }) => handshake.push(body));
    socket.on('data', receive);
    const secured = connectTls({ socket: handshake, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    await once(secured, 'secureConnect');
    socket.off('data', receive);
    handshake.isOver = true;
    const body = loginBody({ user: 'sa', password: 'x', database: 'shop' });
    await new Promise((resolve) => {
      secured.write(packet(packetType.login, 0, body.subarray(0, FIXED_BYTES)), resolve);
    });
    socket.write(packet(packetType.login, packetStatus.endOfMessage, body.subarray(FIXED_BYTES)));
    return { chosen, answer: await nextMessage(socket) };
  } finally {
    socket.destroy();
  }
}
