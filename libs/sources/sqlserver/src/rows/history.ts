/** What a resume token says beside the place: to which history of the source it belongs. */
import type { ResumePoint } from '@dstream/core';
import { isLsn, type Lsn } from '../position/lsn.ts';
import { unreadable } from '../position/position.ts';

/** An entry of `cdc.lsn_time_mapping`: where it stands, the history is the one that it was seen in. */
export interface Entry {
  readonly lsn: Lsn;
  /** Commit time, UTC, ISO 8601. */
  readonly at: string;
}

/** A stretch whose changes are gone, from `from` up to, and without, `to`. */
export interface Gap {
  readonly reason: 'HistoryLost' | 'SourceWentBack';
  readonly captureInstance: string;
  readonly from: Lsn;
  readonly to: Lsn;
  /** Commit time of the last transaction that was read before it. UTC, ISO 8601; undefined is what is not known. */
  readonly fromAt?: string | undefined;
  /** Commit time of the first transaction behind it. */
  readonly toAt?: string | undefined;
  readonly noticedAt: string;
}

export interface History {
  /** Part of every id. Undefined in the first one. */
  readonly incarnation?: string | undefined;
  /** The newest known entry at or before the place. */
  readonly seen?: Entry | undefined;
  /** A gap that begins at the place and is still to be told of. */
  readonly gap?: Gap | undefined;
}

/**
 * Of a token that `placeOfToken` understands. One of an older version says nothing. Throws CheckpointUnreadable for
 * what stands there and is none of ours: without it ids would be those of another history, or a gap untold.
 */
export function historyOfToken(token: string): History {
  const { incarnation, seen, gap } = JSON.parse(token) as Record<string, unknown>;
  if (!(isAbsent(incarnation) || isText(incarnation))) throw unreadable(token);
  if (!(isAbsent(seen) || isEntry(seen)) || !(isAbsent(gap) || isGap(gap))) throw unreadable(token);
  return {
    ...(incarnation !== undefined && { incarnation }),
    ...(seen !== undefined && { seen }),
    ...(gap !== undefined && { gap }),
  };
}

/** The same place, in this history. */
export function within(end: ResumePoint, { incarnation, seen, gap }: History): ResumePoint {
  const place = JSON.parse(end.token) as object;
  return { position: end.position, token: JSON.stringify({ ...place, incarnation, seen, gap }) };
}

function isEntry(value: unknown): value is Entry {
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

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
