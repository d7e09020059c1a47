/** Packet header of [MS-TDS] 2.2.3.1: type, status, length (big endian), SPID (big endian), packet id, window. */
export const HEADER_BYTES = 8;

export const packetType = {
  batch: 0x01,
  rpc: 0x03,
  result: 0x04,
  attention: 0x06,
  bulkLoad: 0x07,
  federatedToken: 0x08,
  transactionManager: 0x0e,
  login: 0x10,
  sspi: 0x11,
  prelogin: 0x12,
} as const;

export const packetStatus = {
  endOfMessage: 0x01,
  /** The client gave the message up while sending it. */
  ignore: 0x02,
  resetConnection: 0x08,
  resetConnectionKeepTransaction: 0x10,
} as const;

/** Packet size until the login has agreed on another ([MS-TDS] 2.2.6.4). */
export const INITIAL_PACKET_BYTES = 4096;
const SMALLEST_PACKET_BYTES = 512;
const LARGEST_PACKET_BYTES = 32_767;

/** The size the server answers with: what the client asked for, within the limits of the protocol. */
export function negotiatePacketBytes(asked: number): number {
  if (asked === 0) return INITIAL_PACKET_BYTES;
  return Math.min(Math.max(asked, SMALLEST_PACKET_BYTES), LARGEST_PACKET_BYTES);
}

export interface PacketHeader {
  readonly type: number;
  readonly status: number;
  /** Of the whole packet, header included. */
  readonly length: number;
  readonly spid: number;
  readonly id: number;
}

export function writePacketHeader(target: Buffer, at: number, header: PacketHeader): void {
  target[at] = header.type;
  target[at + 1] = header.status;
  target.writeUInt16BE(header.length, at + 2);
  target.writeUInt16BE(header.spid & 0xffff, at + 4);
  target[at + 6] = header.id & 0xff;
  target[at + 7] = 0;
}

/** A request put together from its packets. */
export interface Message {
  readonly type: number;
  /** Status bits of all its packets. */
  readonly status: number;
  readonly body: Buffer;
}
