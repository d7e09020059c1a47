/**
 * For a person: the whole terminal as a panel. Changes are kept and shown at the next look, five times a second: they
 * would be too fast to read one by one, and the terminal never slows the processors.
 */
import type { Writable } from 'node:stream';
import type { Clock } from '@dstream/core';
import { prettyLine } from '@dstream/outputs/console';
import { FullScreen, inColour, visibleLines, written, type Paint, type Size } from '@dstream/terminal';
import { panelLines, type Sentence } from './panel.ts';
import type { PlaygroundView } from './playground-view.ts';
import type { Screen, Summary } from './screen.ts';

/** The terminal, as the screen uses it. */
export interface TerminalOptions {
  readonly out: Writable;
  /** Of the terminal, now. */
  readonly size: () => Size;
  readonly paint: Paint;
  /** Whether keys are read: then they are named. */
  readonly keys: boolean;
  /** Time of day for what happened, as `12:34:56`. */
  readonly time: () => string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** A screen that can be drawn again. */
export interface TerminalScreen extends Screen {
  /** Draws again, whole: the terminal has another size, or something was written over it. */
  redraw(): void;
}

/** How often the time of a step is drawn again. */
const tickMs = 200;
/** More lines than a terminal has. */
const kept = 300;

/** For a person: the panel on the whole terminal, drawn five times a second. */
export function terminalScreen({ out, size, paint, keys, time, clock }: TerminalOptions): TerminalScreen {
  const pretty = prettyLine({ colour: paint === inColour });
  const full = new FullScreen({ out, size });
  const sentences: Sentence[] = [];
  const changes: string[] = [];
  let view: PlaygroundView | undefined;
  let step: { readonly what: string; readonly sinceMs: number; readonly ticking: NodeJS.Timeout } | undefined;
  let closed: Promise<void> | undefined;
  const draw = () => {
    const waiting = step && { what: step.what, forMs: clock.monotonicMs() - step.sinceMs };
    full.draw(panelLines({ view, waiting, sentences, changes, keys }, size(), paint));
  };
  return {
    say: (text) => {
      if (closed !== undefined) {
        out.write(`${visibleLines(text)}\n`);
        return;
      }
      keep(sentences, { time: time(), text });
      draw();
    },
    waiting: (what) => {
      clearInterval(step?.ticking);
      step =
        what === undefined
          ? undefined
          : { what, sinceMs: clock.monotonicMs(), ticking: setInterval(draw, tickMs) };
      draw();
    },
    change: (event) => {
      keep(changes, pretty({ event }));
      return Promise.resolve();
    },
    show: (now) => {
      view = now;
      draw();
    },
    redraw: () => {
      full.invalidate();
      draw();
    },
    close: () => (closed ??= full.leave()),
    lastWords: (text) => written(out, `${text}\n`),
    summary: (summary, interrupted) => written(out, sentencesOf(summary, interrupted)),
  };
}

function keep<T>(lines: T[], line: T): void {
  lines.push(line);
  if (lines.length > kept) lines.splice(0, lines.length - kept);
}

/** After a stop by hand, undelivered changes are not lost: the next processor would deliver them. */
function sentencesOf(
  { written, delivered, missing, repeats, outOfOrder, latencyMs }: Summary,
  interrupted: boolean,
): string {
  const rest = `${missing} ${interrupted && missing > 0 ? 'undelivered' : 'missing'}`;
  return `${written} written, ${delivered} delivered, ${rest}, ${repeats} repeated, ${outOfOrder} out of order
from commit to console: ${latencyMs.p50} ms at the median, ${latencyMs.p99} ms at p99
`;
}
