/** PRELOGIN ([MS-TDS] 2.2.6.5): client and server agree on encryption. */
import { ProtocolError } from '../wire/protocol-error.ts';

const option = {
  version: 0x00,
  encryption: 0x01,
  instance: 0x02,
  threadId: 0x03,
  mars: 0x04,
  federated: 0x06,
  end: 0xff,
} as const;

export const encryption = { off: 0x00, on: 0x01, notSupported: 0x02, required: 0x03 } as const;

/** SQL Server 2022, 16.0.4000. */
export const SERVER_VERSION = { major: 16, minor: 0, build: 4000 } as const;

const OPTION_HEADER_BYTES = 5;

/** The client's ENCRYPTION byte. */
export function readEncryption(body: Buffer): number {
  const byte = readOption(body, option.encryption);
  if (byte === undefined) throw new ProtocolError('The PRELOGIN message has no ENCRYPTION option.');
  return byte;
}

/** True when the client could log in by a token. It may still log in by a password. */
export function readsTokens(body: Buffer): boolean {
  return readOption(body, option.federated) === 1;
}

/** The first byte of an option's data. */
function readOption(body: Buffer, wanted: number): number | undefined {
  for (let at = 0; at + OPTION_HEADER_BYTES <= body.length; at += OPTION_HEADER_BYTES) {
    const token = body.readUInt8(at);
    if (token === option.end) break;
    if (token === wanted) return body.readUInt8(body.readUInt16BE(at + 1));
  }
  return undefined;
}

/**
 * What the server answers ([MS-TDS] 2.2.6.5, table of ENCRYPTION). `off` on both sides encrypts the login only. A
 * server that requires encryption says so, and then the client encrypts or leaves.
 */
export function answerEncryption(client: number, required: boolean): number {
  const wanted = client === encryption.on || client === encryption.required;
  if (wanted) return encryption.on;
  if (required) return encryption.required;
  return client === encryption.off ? encryption.off : encryption.notSupported;
}

function versionBytes(): Buffer {
  const { major, minor, build } = SERVER_VERSION;
  return Buffer.of(major, minor, build >>> 8, build & 0xff, 0, 0);
}

/** FEDAUTHREQUIRED is answered only to a client that sent it: both ways of logging in are possible. */
export function preloginAnswer(agreed: number, federated = false): Buffer {
  const options: [number, Buffer][] = [
    [option.version, versionBytes()],
    [option.encryption, Buffer.of(agreed)],
    [option.instance, Buffer.of(0)],
    [option.threadId, Buffer.alloc(0)],
    [option.mars, Buffer.of(0)],
    ...(federated ? [[option.federated, Buffer.of(1)] satisfies [number, Buffer]] : []),
  ];
  const headers = Buffer.alloc(options.length * OPTION_HEADER_BYTES + 1, option.end);
  let dataAt = headers.length;
  for (const [index, [token, data]] of options.entries()) {
    const at = index * OPTION_HEADER_BYTES;
    headers.writeUInt8(token, at);
    headers.writeUInt16BE(dataAt, at + 1);
    headers.writeUInt16BE(data.length, at + 3);
    dataAt += data.length;
  }
  return Buffer.concat([headers, ...options.map(([, data]) => data)]);
}
