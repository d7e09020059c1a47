/**
 * Log sequence numbers of one database. Inside the engine an LSN is a whole number that compares as LSNs do; outside
 * it is 10 bytes: virtual log file (4), block (4), slot (2). "SQL Server transaction log architecture and management".
 */
import type { SqlType } from '../interface/engine-session.ts';

/** vlf · 2^24 + block · 2^8 + slot: stays a safe integer for 2^29 virtual log files. */
export type Lsn = number;

const SLOTS = 256;
const BLOCKS = 65_536;
const FIRST_VLF = 0x2a;

export class LogSequence {
  #last: Lsn = lsnOf(FIRST_VLF, 0x10, 0);

  get last(): Lsn {
    return this.#last;
  }

  /** The LSN of the next log record. */
  nextRecord(): Lsn {
    this.#last = advance(this.#last);
    return this.#last;
  }

  /** After a restore: what came after `lsn` is given again. */
  rewind(lsn: Lsn): void {
    this.#last = lsn;
  }

  /** The LSN of a commit record; what is written after it begins a new block. */
  commit(): Lsn {
    const lsn = this.nextRecord();
    this.#last = nextBlock(lsn);
    return lsn;
  }
}

function lsnOf(vlf: number, block: number, slot: number): Lsn {
  return (vlf * BLOCKS + block) * SLOTS + slot;
}

function advance(lsn: Lsn): Lsn {
  const next = lsn + 1;
  return next % SLOTS === 0 ? nextBlock(lsn) + 1 : next;
}

/** Blocks lie 8 units of 512 bytes apart; a log file that is full is followed by the next. */
function nextBlock(lsn: Lsn): Lsn {
  const file = Math.floor(lsn / SLOTS / BLOCKS);
  const block = (Math.floor(lsn / SLOTS) % BLOCKS) + 8;
  return block >= BLOCKS ? lsnOf(file + 1, 0x10, 0) : lsnOf(file, block, 0);
}

export const LSN_BYTES = 10;

/** Of the columns and parameters that hold one. */
export const LSN_TYPE: SqlType = { name: 'binary', length: LSN_BYTES };

/** Virtual log file, block, slot. */
export const lsnParts = (lsn: Lsn): readonly [number, number, number] => [
  Math.floor(lsn / SLOTS / BLOCKS),
  Math.floor(lsn / SLOTS) % BLOCKS,
  lsn % SLOTS,
];

/** As dynamic management views write it: file, block and slot in hexadecimal. */
export function lsnText(lsn: Lsn): string {
  const [file, block, slot] = lsnParts(lsn).map((part) => part.toString(16));
  return `${(file ?? '').padStart(8, '0')}:${(block ?? '').padStart(8, '0')}:${(slot ?? '').padStart(4, '0')}`;
}

export function lsnToBytes(lsn: Lsn): Uint8Array {
  const bytes = new Uint8Array(LSN_BYTES);
  const [file, block, slot] = lsnParts(lsn);
  bytes[0] = (file >>> 24) & 0xff;
  bytes[1] = (file >>> 16) & 0xff;
  bytes[2] = (file >>> 8) & 0xff;
  bytes[3] = file & 0xff;
  bytes[6] = block >>> 8;
  bytes[7] = block & 0xff;
  bytes[9] = slot;
  return bytes;
}

/** Compares 10-byte LSNs, or any binary values, as SQL Server does: shorter ones are filled up with zeros. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The number for any 10 bytes, so that bounds given by a client can be compared with the engine's own numbers. Bytes
 * that the engine never made lie between its numbers: the result then is a half above the nearest one below.
 */
export function lsnFromBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const byte = (at: number): number => (at < view.byteLength ? view.getUint8(at) : 0);
  const file = ((byte(0) * 256 + byte(1)) * 256 + byte(2)) * 256 + byte(3);
  const block = ((byte(4) * 256 + byte(5)) * 256 + byte(6)) * 256 + byte(7);
  const slot = byte(8) * 256 + byte(9);
  if (block >= BLOCKS) return lsnOf(file, BLOCKS - 1, SLOTS - 1) + 0.5;
  if (slot >= SLOTS) return lsnOf(file, block, SLOTS - 1) + 0.5;
  return lsnOf(file, block, slot);
}
