/** Positions and resume tokens of this source (DESIGN 5, rule 2). */
import { DStreamError, type Position, type ResumePoint } from '@dstream/core';
import { isLsn, type Lsn } from './lsn.ts';

/** In which order a table is read. `direct`, by the change table's own index, has its place but is not built yet. */
export type ReadMode = 'functions';

/** All transactions up to and including `lsn` have been read. */
export interface Scanned {
  readonly kind: 'scanned';
  readonly lsn: Lsn;
}

/** Read up to a change inside the transaction `lsn`: all its rows up to (`seqval`, `operation`), `ordinal` changes. */
export interface Inside {
  readonly kind: 'inside';
  readonly lsn: Lsn;
  readonly seqval: Lsn;
  readonly operation: number;
  readonly ordinal: number;
}

export type Place = Scanned | Inside;

/** Fixed width, so that positions compare as text. A table would need ten billion changes in one transaction. */
const ordinalDigits = 10;

/** Position of the change `ordinal` (from 1) of the transaction `lsn`. */
export function positionOf(lsn: Lsn, ordinal: number): Position {
  return `${lsn}:${String(ordinal).padStart(ordinalDigits, '0')}` as Position;
}

/** After every change of `lsn`: `~` stands behind all digits. */
function positionAfter(lsn: Lsn): Position {
  return `${lsn}:~` as Position;
}

export function resumePointOf(place: Place): ResumePoint {
  const mode: ReadMode = 'functions';
  if (place.kind === 'scanned')
    return { position: positionAfter(place.lsn), token: JSON.stringify({ mode, lsn: place.lsn }) };
  const { lsn, seqval, operation, ordinal } = place;
  return {
    position: positionOf(lsn, ordinal),
    token: JSON.stringify({ mode, lsn, seqval, operation, ordinal }),
  };
}

/** Throws CheckpointUnreadable when the token was not made by this source. */
export function placeOfToken(token: string): Place {
  const place = readPlace(parse(token));
  if (place === undefined)
    throw new DStreamError(
      'CheckpointUnreadable',
      `the checkpoint's token ${token.slice(0, 200)} cannot be understood: reset the table's checkpoint, or run the version that wrote it`,
    );
  return place;
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
  if (mode !== 'functions' || !isLsn(lsn)) return undefined;
  if (seqval === undefined) return { kind: 'scanned', lsn };
  if (!isLsn(seqval) || !isCount(operation) || !isCount(ordinal)) return undefined;
  return { kind: 'inside', lsn, seqval, operation, ordinal };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
