/** Positions and resume tokens of this source (DESIGN 5, rule 2). */
import { DStreamError, type Position, type ResumePoint } from '@dstream/core';
import { isLsn, lsnDigits, nextLsn, type Lsn } from './lsn.ts';

/**
 * In which order the rows of a transaction are read and its changes are counted: by CDC's functions (`__$seqval`,
 * `__$operation`), or directly by the change table's own index (`__$command_id`, `__$seqval`, `__$operation`).
 */
export type ReadMode = 'functions' | 'direct';

/** All transactions up to and including `lsn` have been read. */
export interface Scanned {
  readonly kind: 'scanned';
  readonly mode: ReadMode;
  readonly lsn: Lsn;
}

/**
 * Read up to a change inside the transaction `lsn`: in the order of `mode` all its rows up to (`commandId`, `seqval`,
 * `operation`), which are `ordinal` changes.
 */
export interface Inside {
  readonly kind: 'inside';
  readonly mode: ReadMode;
  readonly lsn: Lsn;
  /** 0 where it is not known: the functions do not tell, and rows from before it was introduced have none. */
  readonly commandId: number;
  readonly seqval: Lsn;
  readonly operation: number;
  readonly ordinal: number;
}

export type Place = Scanned | Inside;

/** The first LSN that is still needed. Inside a transaction that is its own: the rest of its rows. */
export function neededFrom(place: Place): Lsn {
  return place.kind === 'inside' ? place.lsn : nextLsn(place.lsn);
}

/** Fixed width, so that positions compare as text. A table would need ten billion changes in one transaction. */
const ordinalDigits = 10;

/** Characters of the position of a change. */
export const positionLength = lsnDigits + ':'.length + ordinalDigits;

/** Position of the change `ordinal` (from 1) of the transaction `lsn`. */
export function positionOf(lsn: Lsn, ordinal: number): Position {
  return `${lsn}:${ordinalText(ordinal)}` as Position;
}

/** An ordinal as it stands in a position. */
export function ordinalText(ordinal: number): string {
  return String(ordinal).padStart(ordinalDigits, '0');
}

/** The transaction of a change's position. */
export function lsnOfPosition(position: Position): Lsn {
  return position.slice(0, lsnDigits) as Lsn;
}

/** After every change of `lsn`: `~` stands behind all digits. */
export function positionAfter(lsn: Lsn): Position {
  return `${lsn}:~` as Position;
}

/** Behind every change up to `lsn`, and before `positionAfter`: there a gap is noted that the event behind it tells of. */
export function positionBeforeEnd(lsn: Lsn): Position {
  return `${lsn}:` as Position;
}

export function resumePointOf(place: Place): ResumePoint {
  const { mode, lsn } = place;
  if (place.kind === 'scanned') return { position: positionAfter(lsn), token: JSON.stringify({ mode, lsn }) };
  const { commandId, seqval, operation, ordinal } = place;
  const command = mode === 'direct' ? { commandId } : {};
  return {
    position: positionOf(lsn, ordinal),
    token: JSON.stringify({ mode, lsn, ...command, seqval, operation, ordinal }),
  };
}

/** Throws CheckpointUnreadable when the token was not made by this source. */
export function placeOfToken(token: string): Place {
  const place = readPlace(parse(token));
  if (place === undefined) throw unreadable(token);
  return place;
}

export function unreadable(token: string): DStreamError {
  return new DStreamError(
    'CheckpointUnreadable',
    `the checkpoint's token ${token.slice(0, 200)} cannot be understood: reset the table's checkpoint, or run the version that wrote it`,
  );
}

function parse(token: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(token);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // what is not JSON is as unreadable as an empty object: the caller throws
  }
}

function readPlace(fields: Record<string, unknown>): Place | undefined {
  const { mode, lsn, seqval, operation, ordinal } = fields;
  if (!isMode(mode) || !isLsn(lsn)) return undefined;
  if (seqval === undefined) return { kind: 'scanned', mode, lsn };
  const commandId = mode === 'direct' ? fields['commandId'] : 0;
  if (!isInt(commandId, 0) || !isLsn(seqval) || !isInt(operation, 1) || !isOrdinal(ordinal)) return undefined;
  return { kind: 'inside', mode, lsn, commandId, seqval, operation, ordinal };
}

function isMode(value: unknown): value is ReadMode {
  return value === 'functions' || value === 'direct';
}

/** What the server takes as int. */
function isInt(value: unknown, least: number): value is number {
  return isWhole(value) && value >= least && value <= 0x7fff_ffff;
}

function isOrdinal(value: unknown): value is number {
  return isWhole(value) && value >= 1 && value < 10 ** ordinalDigits;
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
