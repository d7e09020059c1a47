/** What a person sees: what is starting, the changes as they arrive, and one live line below them. */
import type { Writable } from 'node:stream';
import type { StampedEvent } from '@dstream/core';
import { prettyLine } from '@dstream/publishers';

export interface Summary {
  readonly written: number;
  readonly delivered: number;
  readonly missing: number;
  readonly repeats: number;
  readonly outOfOrder: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

export interface Screen {
  /** A sentence about what is going on. */
  say(text: string): void;
  /** A change, as it came. */
  change(event: StampedEvent, line: string): void;
  live(text: string): void;
  summary(summary: Summary): void;
}

/** For pipes: the envelopes on standard output, one a line, the summary last; sentences on standard error. */
export function pipedScreen(out: Writable, err: Writable): Screen {
  return {
    say: (text) => void err.write(`${text}\n`),
    change: (_event, line) => void out.write(`${line}\n`),
    live: () => undefined,
    summary: (summary) => void out.write(`${JSON.stringify(summary)}\n`),
  };
}

const eraseLine = '\r\u001b[2K';

/** For a terminal: the live line is erased and drawn again around every other line. */
export function terminalScreen(out: Writable, columns: () => number): Screen {
  const pretty = prettyLine({ colour: true });
  let live = '';
  const above = (text: string) => void out.write(`${eraseLine}${text}\n${live}`);
  return {
    say: above,
    change: (event, line) => above(pretty({ event, line, orderingKey: '' })),
    live: (text) => {
      live = text.slice(0, columns() - 1);
      out.write(`${eraseLine}${live}`);
    },
    summary: (summary) => {
      live = '';
      above(sentence(summary));
    },
  };
}

function sentence({ written, delivered, missing, repeats, outOfOrder, latencyMs }: Summary): string {
  return [
    '',
    `${written} changes written, ${delivered} delivered, ${missing} missing, ${repeats} repeated, ${outOfOrder} out of order;`,
    `from commit to console: ${latencyMs.p50} ms at the median, ${latencyMs.p99} ms at p99.`,
  ].join('\n');
}
