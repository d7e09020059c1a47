/**
 * Login by a token of Microsoft Entra ID, as the library "ADAL" does it ([MS-TDS] 2.2.6.4 FEATUREEXT, 3.3.5.4 and 5):
 * LOGIN7 announces it, the server says for what resource and where to get the token (FEDAUTHINFO), the client sends
 * it in a message of its own.
 */
import { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

const FEDAUTHINFO = 0xee;
const info = { stsUrl: 0x01, spn: 0x02 } as const;
/** Id, length and offset of one piece of information. */
const INFO_HEADER_BYTES = 9;
const LIBRARY_ADAL = 0x02;

/** What a client signs in for: the resource of Azure SQL, and any tenant. */
const STS_URL = 'https://login.microsoftonline.com/common';
const SPN = 'https://database.windows.net/';

/** The first byte of the feature's data: library in the upper seven bits, echo of the server's wish in the lowest. */
export function checkLibrary(data: Buffer): void {
  const library = data.readUInt8(0) >>> 1;
  if (library !== LIBRARY_ADAL)
    throw new ProtocolError(`Federated authentication by library ${library} is not supported.`);
}

export function writeFedAuthInfo(out: ByteWriter): void {
  const pieces = [
    { id: info.stsUrl, text: Buffer.from(STS_URL, 'utf16le') },
    { id: info.spn, text: Buffer.from(SPN, 'utf16le') },
  ];
  const header = 4 + pieces.length * INFO_HEADER_BYTES;
  out.u8(FEDAUTHINFO);
  out.u32(header + pieces.reduce((sum, { text }) => sum + text.length, 0));
  out.u32(pieces.length);
  let offset = header;
  for (const { id, text } of pieces) {
    out.u8(id);
    out.u32(text.length);
    out.u32(offset);
    offset += text.length;
  }
  for (const { text } of pieces) out.raw(text);
}

/** The body of a FEDAUTH message ([MS-TDS] 2.2.6.3): two lengths, the token; a nonce after it is not asked for. */
export function readFedAuthToken(body: Buffer): string {
  const reader = new ByteReader(body);
  reader.skip(4);
  return reader.raw(reader.u32()).toString('utf16le');
}
