/** What a person or a program sees of the playground: the interface, lines for pipes, and the steps of the start. */
import type { Writable } from 'node:stream';
import type { Clock, StampedEvent } from '@dstream/core';
import { formatDuration } from '@dstream/status';
import { written } from '@dstream/terminal';
import type { PlaygroundView } from './playground-view.ts';

/** What came through, at the end. */
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

/** Where the playground shows what happens. */
export interface Screen {
  /** A sentence about what is going on. */
  say(text: string): void;
  /** What the start is waiting for from now on; undefined: it is over. */
  waiting(what: string | undefined): void;
  /** A change, as it came. Resolves when the next one may come: a slow reader slows the processors, as it should. */
  change(event: StampedEvent, line: string): Promise<void>;
  /** Shows the current state. Undefined where nobody looks: then the state need not be gathered. */
  readonly show: ((view: PlaygroundView) => void) | undefined;
  /** Restores the terminal; later sentences appear below. Twice is harmless. */
  close(): Promise<void>;
  /** Instead of a summary, after `close`; resolves when it is written. */
  lastWords(text: string): Promise<void>;
  /** Called last, after `close`; resolves when it is written. `interrupted`: nobody waited for what was on the way. */
  summary(summary: Summary, interrupted: boolean): Promise<void>;
}

/**
 * For pipes and files: the envelopes on standard output, one a line, the summary last; sentences on standard error.
 *
 * @param hurry when it aborts nothing waits for a slow reader from then on
 */
export function pipedScreen(out: Writable, err: Writable, hurry: AbortSignal): Screen {
  return {
    say: (text) => void err.write(`${text}\n`),
    waiting: () => undefined,
    change: (_event, line) => written(out, `${line}\n`, hurry),
    show: undefined,
    close: () => Promise.resolve(),
    lastWords: (text) => written(err, `${text}\n`),
    summary: (summary) => written(out, `${JSON.stringify(summary)}\n`),
  };
}

/** Shows each step of the start while it lasts, and reports its time when it is done. */
export class Startup {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #screen: Pick<Screen, 'say' | 'waiting'>;
  readonly #stop: AbortSignal;

  /** @param stop once it has aborted, a step was cut short and is not reported */
  constructor(clock: Pick<Clock, 'monotonicMs'>, screen: Pick<Screen, 'say' | 'waiting'>, stop: AbortSignal) {
    this.#clock = clock;
    this.#screen = screen;
    this.#stop = stop;
  }

  /** Rejects as `work` does. */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.monotonicMs();
    this.#screen.waiting(what);
    try {
      const result = await work();
      if (!this.#stop.aborted)
        this.#screen.say(`${what}: done in ${formatDuration(this.#clock.monotonicMs() - startMs)}`);
      return result;
    } finally {
      this.#screen.waiting(undefined);
    }
  }
}
