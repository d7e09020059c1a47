/** For a person: what is starting, the changes as they arrive, and one live line below them. */
import type { Writable } from 'node:stream';
import { prettyLine } from '@dstream/publishers';
import { fitLine, textWidth } from '@dstream/terminal';
import { written } from './piped-screen.ts';
import type { Screen, Summary } from './screen.ts';

export interface TerminalOptions {
  readonly out: Writable;
  /** Width of the terminal now. */
  readonly columns: () => number;
  readonly colour: boolean;
  /** When it aborts nothing waits for the terminal any more. */
  readonly hurry: AbortSignal;
}

/** Room for the `^C` that the terminal itself writes behind the live line, and for the cursor. */
const reserved = 3;

/** The live line is erased and drawn again around every other line. No line is longer than the terminal is wide. */
export function terminalScreen({ out, columns, colour, hurry }: TerminalOptions): Screen {
  const pretty = prettyLine({ colour });
  let live = '';
  const above = (text: string, until?: AbortSignal) => {
    const erase = eraser(live, columns());
    live = fitLine(live, columns() - reserved);
    return written(out, `${erase}${fitLine(text, columns())}\n${live}`, until);
  };
  const draw = (text: string) => {
    const erase = eraser(live, columns());
    live = fitLine(text, columns() - reserved);
    out.write(`${erase}${live}`);
  };
  return {
    say: (text) => void above(text, hurry),
    change: (event, line) => above(pretty({ event, line, orderingKey: '' }), hurry),
    live: draw,
    clear: () => draw(''),
    summary: async (summary) => {
      draw('');
      for (const text of sentences(summary)) await above(text);
    },
  };
}

/** Erases the live line; a terminal that became narrower has broken it into several. */
function eraser(live: string, columns: number): string {
  const above = Math.max(0, Math.ceil(textWidth(live) / columns) - 1);
  return `${above > 0 ? `\u001b[${above}A` : ''}\r\u001b[J`;
}

function sentences({
  written,
  delivered,
  missing,
  repeats,
  outOfOrder,
  latencyMs,
}: Summary): readonly string[] {
  return [
    `${written} written, ${delivered} delivered, ${missing} missing, ${repeats} repeated, ${outOfOrder} out of order`,
    `from commit to console: ${latencyMs.p50} ms at the median, ${latencyMs.p99} ms at p99`,
  ];
}
