/** One committed change of one row: the event that travels from the source to the outputs (docs/messages.md). */
import type { Position } from './position.ts';

/** `read` is a row of a snapshot, `gap` a marker of changes that are gone. */
export type Operation = 'insert' | 'update' | 'delete' | 'read' | 'gap';

/** A value as JSON holds it. The README of `libs/sources/sqlserver` has how each SQL type arrives. */
export type Value = string | number | boolean | null;

/** JSON of any depth. */
export type Json = Value | readonly Json[] | { readonly [name: string]: Json };

/** Values by the names of their columns. Lists and objects come of no source: transforms make them of text that holds JSON. */
export type Row = Readonly<Record<string, Json>>;

/** The same without lists and objects: what sources make, and every key. */
export type PlainRow = Readonly<Record<string, Value>>;

/** What only one kind of source knows about a change. Its README names the fields. */
export type Origin = Readonly<Record<string, Value>>;

/** Columns that CDC did not carry in one image: unavailable, which is not NULL. */
export interface Unavailable {
  readonly in: 'data' | 'before';
  readonly columns: readonly string[];
}

/** One end of a gap. */
export interface GapEnd {
  /** `0x` and 20 hex digits; the position of a change where the source has no LSNs. */
  readonly lsn: string;
  /** ISO 8601, UTC, where it is known. */
  readonly at?: string;
}

/** Which changes of a table are gone before they were read. */
export interface GapFacts {
  /**
   * `HistoryLost`: they were cleaned up. `SourceWentBack`: the database was restored; what follows may repeat what was sent.
   * `MessagesLost`: the topic accepted them, and they never reached the processor.
   */
  readonly reason: 'HistoryLost' | 'SourceWentBack' | 'MessagesLost';
  /**
   * The first LSN that is missing; the commit time of the last transaction before it. For `MessagesLost` those of the last
   * change that arrived: more of its transaction may be missing.
   */
  readonly from: GapEnd;
  /** The first LSN that is available again; the commit time of the first transaction from it on. */
  readonly to: GapEnd;
}

/** What the source knows about a change. */
export interface ChangeMetadata {
  readonly version: 2;
  /** Stable and unique, at most 96 characters: the same change has it on any replica after any crash. */
  readonly id: string;
  /** Type of the source: `sqlserver`. */
  readonly source: string;
  readonly server: string;
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly operation: Operation;
  /** Values of the key columns; null for a table without a key. */
  readonly key: PlainRow | null;
  /** The columns whose values changed; updates only. */
  readonly changed?: readonly string[];
  readonly unavailable?: readonly Unavailable[];
  /** Present for the operation `gap` only, which has neither data nor key. */
  readonly gap?: GapFacts;
  readonly origin: Origin;
  /** Ordinal of the change within its transaction in this table, from 1; 0 of a gap. */
  readonly sequence: number;
  /**
   * Commit time, ISO 8601, UTC. Lags are counted from it. Of a gap that of the first transaction after it, or when the gap
   * was noticed. A source without commit times gives a time that is the same whenever the change is read again.
   */
  readonly committedAt: string;
  readonly position: Position;
  /**
   * How often the change was replayed from a dead-letter queue, from 1; absent for one that was not. It comes out of order:
   * compare (generation, position).
   */
  readonly replay?: number;
}

/** One committed change of one row. For a delete `data` is the last image; `before` exists for an update only. */
export interface ChangeEvent {
  readonly data: Row | null;
  readonly before?: Row;
  readonly metadata: ChangeMetadata;
}

/** What the sending owner adds (docs/guarantees.md, rules 3 and 4). */
export interface Stamp {
  readonly generation: number;
  readonly epoch: number;
}

/** A change as it is on the topic. */
export interface StampedEvent extends ChangeEvent {
  readonly metadata: ChangeMetadata & Stamp;
}
