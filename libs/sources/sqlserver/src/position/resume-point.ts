/**
 * The text of a checkpoint: a position that compares as text, and a token with the position and the history that it belongs
 * to. Parsed once when reading begins, and formatted once for each batch that leaves.
 */
import { DStreamError, type Position, type ResumePoint } from '@dstream/core';
import {
  isLsn,
  ordinalDigits,
  positionAfter,
  positionOf,
  previousLsn,
  type LogPosition,
  type Lsn,
  type ReadMode,
} from './log-position.ts';

/** An entry of `cdc.lsn_time_mapping`: a transaction, or what capture writes while nothing is committed. */
export interface LsnTime {
  readonly lsn: Lsn;
  /** Commit time, UTC, ISO 8601. */
  readonly at: string;
}

/** A range of LSNs whose changes are lost: from `from` up to, and without, `to`. */
export interface Gap {
  readonly reason: 'HistoryLost' | 'SourceWentBack';
  readonly captureInstance: string;
  readonly from: Lsn;
  readonly to: Lsn;
  /** Commit time of the last transaction that was read before it. UTC, ISO 8601; undefined when it is not known. */
  readonly fromAt?: string | undefined;
  /** Commit time of the first transaction after it. */
  readonly toAt?: string | undefined;
  readonly noticedAt: string;
}

/** The history of the source that a position belongs to. A restore begins another one, in which LSNs are used again. */
export interface History {
  /** Part of every id. Undefined in the first history. */
  readonly incarnation?: string | undefined;
  /** The newest known entry at or before the position. */
  readonly seen?: LsnTime | undefined;
  /** A gap that begins at the position and is not reported yet. */
  readonly gap?: Gap | undefined;
}

/** A checkpoint, parsed. */
export interface ResumeState {
  readonly position: LogPosition;
  readonly history: History;
}

/**
 * As a checkpoint stores it. While a gap is not reported yet, the text of the position is just below that of the event that
 * reports it.
 */
export function formatResumePoint(at: LogPosition, { incarnation, seen, gap }: History): ResumePoint {
  const { mode, lsn } = at;
  const position = gap === undefined ? positionText(at) : (`${previousLsn(gap.to)}:` as Position);
  if (at.kind === 'between')
    return { position, token: JSON.stringify({ mode, lsn, incarnation, seen, gap }) };
  const { commandId, seqval, operation, ordinal } = at;
  const key = { ...(mode === 'direct' && { commandId }), seqval, operation, ordinal };
  return { position, token: JSON.stringify({ mode, lsn, ...key, incarnation, seen, gap }) };
}

function positionText(at: LogPosition): Position {
  return at.kind === 'between' ? positionAfter(at.lsn) : positionOf(at.lsn, at.ordinal);
}

/**
 * The meaning of a token. One of an older version has no history. Throws CheckpointUnreadable for anything that this source
 * did not write: with half of it, ids would be those of another history, or a gap would stay unreported.
 */
export function parseResumePoint({ token }: ResumePoint): ResumeState {
  const fields = fieldsOfJson(token);
  const position = readPosition(fields);
  const history = readHistory(fields);
  if (position === undefined || history === undefined) throw unreadable(token);
  return { position, history };
}

/** What an error advises where a table cannot continue from its checkpoint. */
export const restart =
  'delete the table\'s checkpoint (docs/operations.md, "Restart a table from the beginning")';

function unreadable(token: string): DStreamError {
  return new DStreamError(
    'CheckpointUnreadable',
    `the checkpoint's token ${token.slice(0, 200)} cannot be read: run the version that wrote it, or ${restart}`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOfJson(token: string): Fields {
  try {
    return fieldsOf(JSON.parse(token));
  } catch {
    return {}; // what is not JSON is as unreadable as an empty object: the caller throws
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function readPosition(fields: Fields): LogPosition | undefined {
  const { mode, lsn, seqval, operation, ordinal } = fields;
  if (!isMode(mode) || !isLsn(lsn)) return undefined;
  if (seqval === undefined) return { kind: 'between', mode, lsn };
  const commandId = mode === 'direct' ? fields['commandId'] : 0;
  if (!isInt(commandId, 0) || !isLsn(seqval) || !isInt(operation, 1) || !isOrdinal(ordinal)) return undefined;
  return { kind: 'inside', mode, lsn, commandId, seqval, operation, ordinal };
}

function readHistory({ incarnation, seen, gap }: Fields): History | undefined {
  if (!(isAbsent(incarnation) || isText(incarnation))) return undefined;
  if (!(isAbsent(seen) || isLsnTime(seen)) || !(isAbsent(gap) || isGap(gap))) return undefined;
  return {
    ...(incarnation !== undefined && { incarnation }),
    ...(seen !== undefined && { seen }),
    ...(gap !== undefined && { gap }),
  };
}

function isMode(value: unknown): value is ReadMode {
  return value === 'functions' || value === 'direct';
}

/** What the server accepts as int. */
function isInt(value: unknown, least: number): value is number {
  return isWhole(value) && value >= least && value <= 0x7fff_ffff;
}

function isOrdinal(value: unknown): value is number {
  return isWhole(value) && value >= 1 && value < 10 ** ordinalDigits;
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function isLsnTime(value: unknown): value is LsnTime {
  const { lsn, at } = fieldsOf(value);
  return isLsn(lsn) && isTime(at);
}

function isGap(value: unknown): value is Gap {
  const { reason, captureInstance, from, to, fromAt, toAt, noticedAt } = fieldsOf(value);
  if (reason !== 'HistoryLost' && reason !== 'SourceWentBack') return false;
  const times = [fromAt, toAt].every((at) => isAbsent(at) || isTime(at));
  return isText(captureInstance) && isLsn(from) && isLsn(to) && times && isTime(noticedAt);
}

function isAbsent(value: unknown): value is undefined {
  return value === undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTime(value: unknown): value is string {
  return isText(value) && !Number.isNaN(Date.parse(value));
}
