/** What a processor shows under `/status`, as `dstream status` reads it. Kept stable: fields are added, none changes its meaning. */
import type { Progress } from '@dstream/core';

export interface ProcessorReport {
  readonly instance: string;
  /** True while it takes messages: every required output and the subscription have been reached. */
  readonly ready: boolean;
  /** Ids of the sessions this replica holds. */
  readonly sessions: readonly string[];
  /** Changes that the topic accepted and that never came, as far as messages tell. Counts are of holes, since the start of the process. */
  readonly holes: HolesReport;
  /** In the order of the configuration. */
  readonly outputs: readonly OutputReport[];
}

/** `possible` are those found by the first message after a session's state was loaded: the state may lag behind. */
export interface HolesReport {
  readonly certain: number;
  readonly possible: number;
  readonly last: HoleReport | null;
}

export interface HoleReport {
  readonly session: string;
  /** `schema.table`. */
  readonly table: string | null;
  readonly certain: boolean;
  /** The newest change that had come; null for a session without a state. */
  readonly after: Progress | null;
  /** The last change that is missing. */
  readonly upTo: Progress;
  /** When it was found, ISO 8601, UTC. */
  readonly at: string;
}

/**
 * How an output does:
 * - `connecting`: not reached yet since the start.
 * - `working`: the last attempt succeeded, or none was made.
 * - `failing`: attempts fail and are made again; `failing` says since when and why.
 * - `closed`: it will never take anything again (a console whose reader is gone).
 */
export type OutputState = 'connecting' | 'working' | 'failing' | 'closed';

/** Counts are since the start of the process. */
export interface OutputReport {
  /** The label, else the type. */
  readonly name: string;
  /** `console`, `azure_service_bus`, … */
  readonly type: string;
  /** False: messages do not wait for it; it has a buffer. */
  readonly required: boolean;
  readonly state: OutputState;
  /** Why the state is `failing` or `closed`, or not yet more than `connecting`; null when nothing is wrong. */
  readonly failing: OutputFailure | null;
  /** Changes it has accepted. */
  readonly delivered: number;
  /** Attempts to publish that failed. */
  readonly failedAttempts: number;
  /** What was given to it and is neither accepted nor given up: of a required output what messages wait for, else its buffer. */
  readonly waiting: { readonly changes: number; readonly bytes: number };
  /** Bytes its buffer holds at most; null for a required output, which has none. */
  readonly bufferBytes: number | null;
  /** Changes lost to an output that is not required: its buffer was full, it was closed, or time was up at the stop. */
  readonly dropped: number;
  /** Changes it refused for good. Those of a required output are in the dead-letter queue; of another they are only counted. */
  readonly refused: number;
  /** From commit to delivery, of the newest change delivered, in seconds; null before the first. */
  readonly latencySeconds: number | null;
}

export interface OutputFailure {
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Code and message of the last error. */
  readonly code: string;
  readonly reason: string;
}
