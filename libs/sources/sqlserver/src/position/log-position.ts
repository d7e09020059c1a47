/** LSNs, and the position of reading between them (docs/guarantees.md, rule 2). Typed; the text of a checkpoint is in `resume-point.ts`. */
import type { Position } from '@dstream/core';

/**
 * A log sequence number: binary(10), here as 20 upper-case hexadecimal digits, so that LSNs compare as text.
 * Neighbours are plain arithmetic on the ten bytes, as in `sys.fn_cdc_increment_lsn`.
 */
export type Lsn = string & { readonly __brand: 'Lsn' };

const lsnDigits = 20;

/** What `sys.fn_cdc_get_min_lsn` returns for an unknown capture instance or without access ("sys.fn_cdc_get_min_lsn"). */
export const zeroLsn = '00000000000000000000' as Lsn;

/** Above every LSN: no change comes after it. */
export const highestLsn = 'FFFFFFFFFFFFFFFFFFFF' as Lsn;

/** @param bytes ten, as the server sends them; trailing zeros may be missing */
export function lsnOf(bytes: Buffer): Lsn {
  return bytes.toString('hex').toUpperCase().padEnd(lsnDigits, '0') as Lsn;
}

/** True for the text of an LSN. Checks what comes from a stored token. */
export function isLsn(text: unknown): text is Lsn {
  return typeof text === 'string' && /^[0-9A-F]{20}$/.test(text);
}

/** The ten bytes, as a parameter of a statement. */
export function lsnBytes(lsn: Lsn): Buffer {
  return Buffer.from(lsn, 'hex');
}

/** The smallest LSN above; `highestLsn` has none and is returned itself. */
export function nextLsn(lsn: Lsn): Lsn {
  return lsn === highestLsn ? lsn : shifted(lsn, 1n);
}

/** The largest LSN below; `zeroLsn` has none and is returned itself. */
export function previousLsn(lsn: Lsn): Lsn {
  return lsn === zeroLsn ? lsn : shifted(lsn, -1n);
}

function shifted(lsn: Lsn, by: bigint): Lsn {
  return (BigInt(`0x${lsn}`) + by).toString(16).toUpperCase().padStart(lsnDigits, '0') as Lsn;
}

/**
 * The order in which the rows of a transaction are read and its changes are counted: that of CDC's functions (`__$seqval`,
 * `__$operation`), or that of the change table's clustered index (`__$command_id`, `__$seqval`, `__$operation`).
 */
export type ReadMode = 'functions' | 'direct';

/** All transactions up to and including `lsn` have been read. */
export interface BetweenTransactions {
  readonly kind: 'between';
  readonly mode: ReadMode;
  readonly lsn: Lsn;
}

/**
 * Reading is inside the transaction `lsn`: in the order of `mode` all its rows up to the continuation key (`commandId`,
 * `seqval`, `operation`) have been read, which are `ordinal` changes.
 */
export interface InsideTransaction {
  readonly kind: 'inside';
  readonly mode: ReadMode;
  readonly lsn: Lsn;
  /** 0 where it is not known: the functions do not return it, and rows from before it was introduced have none. */
  readonly commandId: number;
  readonly seqval: Lsn;
  readonly operation: number;
  readonly ordinal: number;
}

/** How far one table has been read. Never between the two rows of an update. */
export type LogPosition = BetweenTransactions | InsideTransaction;

/** The first LSN that is still needed. Inside a transaction it is the transaction's own, for the rest of its rows. */
export function neededFrom(position: LogPosition): Lsn {
  return position.kind === 'inside' ? position.lsn : nextLsn(position.lsn);
}

/** The last LSN of which nothing is left to read. */
export function completeUpTo(position: LogPosition): Lsn {
  return position.kind === 'inside' ? previousLsn(position.lsn) : position.lsn;
}

/** Fixed width, so that positions compare as text. A table would need ten billion changes in one transaction. */
export const ordinalDigits = 10;

/** Characters of the position of a change. */
export const positionLength = lsnDigits + ':'.length + ordinalDigits;

/** Position of the change `ordinal` (from 1) of the transaction `lsn`, as text. */
export function positionOf(lsn: Lsn, ordinal: number): Position {
  return `${lsn}:${ordinalText(ordinal)}` as Position;
}

/** An ordinal as text in a position. */
export function ordinalText(ordinal: number): string {
  return String(ordinal).padStart(ordinalDigits, '0');
}

/** After every change of `lsn`: `~` sorts after all digits. */
export function positionAfter(lsn: Lsn): Position {
  return `${lsn}:~` as Position;
}
