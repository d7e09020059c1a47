import type { Writable } from 'node:stream';
import { written } from '@dstream/terminal';
import type { Screen } from './screen.ts';

/**
 * For pipes and files: the envelopes on standard output, one a line, the summary last; sentences on standard error.
 *
 * @param hurry when it aborts nothing waits for a slow reader any more
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
