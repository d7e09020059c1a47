/** LOGIN7 ([MS-TDS] 2.2.6.4). */
import type { LoginRequest } from '../../engine/interface/engine-session.ts';
import { checkLibrary } from './federated.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

export interface Login {
  readonly request: LoginRequest;
  readonly tdsVersion: number;
  /** What the client wants; 0 for the server's default. */
  readonly packetBytes: number;
  /** The client understands UTF-8 and wants to hear about it. */
  readonly asksUtf8: boolean;
  /** A token follows when the client has been told for what: there is no user and no password. */
  readonly federated: boolean;
}

const FIXED_BYTES = 94;
/** TDS 7.2: before it tokens have another shape. */
const OLDEST_VERSION = 0x72090002;

/** Places of the offset and length pairs of the variable part. */
const place = { hostName: 36, userName: 40, password: 44, appName: 48, extension: 56, database: 68 } as const;

const EXTENSION_FLAG = 0x10;
const OPTION_FLAGS_3 = 27;
const feature = { federated: 0x02, utf8: 0x0a, end: 0xff } as const;

function bytesAt(body: Buffer, pair: number): Buffer {
  const offset = body.readUInt16LE(pair);
  const end = offset + body.readUInt16LE(pair + 2) * 2;
  if (end > body.length) throw new ProtocolError('A LOGIN7 field lies outside its message.');
  return body.subarray(offset, end);
}

function textAt(body: Buffer, pair: number): string {
  return bytesAt(body, pair).toString('utf16le');
}

/** The halves of each byte are swapped after an XOR with 0xA5: no secret, only unreadable at a glance. */
function passwordAt(body: Buffer, pair: number): string {
  const clear = Buffer.from(bytesAt(body, pair));
  for (const [index, byte] of clear.entries()) {
    const plain = byte ^ 0xa5;
    clear[index] = ((plain << 4) & 0xf0) | (plain >>> 4);
  }
  return clear.toString('utf16le');
}

function readFeatures(body: Buffer): Map<number, Buffer> {
  const features = new Map<number, Buffer>();
  if ((body.readUInt8(OPTION_FLAGS_3) & EXTENSION_FLAG) === 0) return features;
  let at = body.readUInt32LE(body.readUInt16LE(place.extension));
  while (at < body.length && body.readUInt8(at) !== feature.end) {
    const end = at + 5 + body.readUInt32LE(at + 1);
    features.set(body.readUInt8(at), body.subarray(at + 5, end));
    at = end;
  }
  return features;
}

export function readLogin(body: Buffer): Login {
  if (body.length < FIXED_BYTES) throw new ProtocolError('The LOGIN7 message is too short.');
  const tdsVersion = body.readUInt32LE(4);
  if (tdsVersion < OLDEST_VERSION) throw new ProtocolError('TDS versions before 7.2 are not supported.');
  const features = readFeatures(body);
  const federated = features.get(feature.federated);
  if (federated !== undefined) checkLibrary(federated);
  return {
    request: {
      user: textAt(body, place.userName),
      password: passwordAt(body, place.password),
      database: textAt(body, place.database),
      appName: textAt(body, place.appName),
      hostName: textAt(body, place.hostName),
    },
    tdsVersion,
    packetBytes: body.readUInt32LE(8),
    asksUtf8: features.has(feature.utf8),
    federated: federated !== undefined,
  };
}
