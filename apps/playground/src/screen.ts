/** What a person or a program sees of the playground. */
import type { StampedEvent } from '@dstream/core';
import type { PlaygroundView } from './playground-view.ts';

export interface Summary {
  /** Committed row changes. */
  readonly written: number;
  /** Distinct change ids. */
  readonly delivered: number;
  readonly missing: number;
  readonly repeats: number;
  /** First deliveries older than an earlier first delivery of their table. */
  readonly outOfOrder: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

export interface Screen {
  /** A sentence about what is going on. */
  say(text: string): void;
  /** What the start is waiting for from now on; undefined: it is over. */
  waiting(what: string | undefined): void;
  /** A change, as it came. Resolves when the next one may come: a slow reader slows the processors, as it should. */
  change(event: StampedEvent, line: string): Promise<void>;
  /** How it stands, now. Undefined where nobody looks: then nothing has to be found out for it. */
  readonly show: ((view: PlaygroundView) => void) | undefined;
  /** Gives a terminal back as it was; what is said later stands below it. Twice is harmless. */
  close(): Promise<void>;
  /** Instead of a summary, after `close`; resolves when it is out. */
  lastWords(text: string): Promise<void>;
  /** The last of all, after `close`; resolves when it is out. `interrupted`: nobody waited for what was on the way. */
  summary(summary: Summary, interrupted: boolean): Promise<void>;
}
