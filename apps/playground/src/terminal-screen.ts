/**
 * For a person: the whole terminal as a panel. Changes are kept and shown at the next look, five times a second: they
 * would be too fast to read one by one, and the terminal never slows the processors.
 */
import type { Writable } from 'node:stream';
import { prettyLine } from '@dstream/publishers';
import {
  FullScreen,
  inColour,
  visibleLines,
  visibleText,
  written,
  type Paint,
  type Size,
} from '@dstream/terminal';
import { panelLines } from './panel.ts';
import type { PlaygroundView } from './playground-view.ts';
import type { Screen, Summary } from './screen.ts';

export interface TerminalOptions {
  readonly out: Writable;
  /** Of the terminal, now. */
  readonly size: () => Size;
  readonly paint: Paint;
  /** Whether keys are read: then they are named. */
  readonly keys: boolean;
  /** Time of day for what happened, as `12:34:56`. */
  readonly time: () => string;
}

export interface TerminalScreen extends Screen {
  /** Draws again, whole: the terminal has another size, or something was written over it. */
  redraw(): void;
}

/** More lines than a terminal has. */
const kept = 300;

export function terminalScreen({ out, size, paint, keys, time }: TerminalOptions): TerminalScreen {
  const pretty = prettyLine({ colour: paint === inColour });
  const full = new FullScreen({ out, size });
  const sentences: string[] = [];
  const changes: string[] = [];
  let view: PlaygroundView | undefined;
  let closed: Promise<void> | undefined;
  const draw = () => full.draw(panelLines({ view, sentences, changes, keys }, size(), paint));
  return {
    say: (text) => {
      if (closed !== undefined) {
        out.write(`${visibleLines(text)}\n`);
        return;
      }
      keep(sentences, `${paint('dim', time())}  ${visibleText(text)}`);
      draw();
    },
    change: (event, line) => {
      keep(changes, pretty({ event, line, orderingKey: '' }));
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
    summary: (summary) => written(out, sentencesOf(summary)),
  };
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > kept) lines.splice(0, lines.length - kept);
}

function sentencesOf({ written, delivered, missing, repeats, outOfOrder, latencyMs }: Summary): string {
  return `${written} written, ${delivered} delivered, ${missing} missing, ${repeats} repeated, ${outOfOrder} out of order
from commit to console: ${latencyMs.p50} ms at the median, ${latencyMs.p99} ms at p99
`;
}
