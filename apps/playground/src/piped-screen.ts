import type { Writable } from 'node:stream';
import { onAbort } from '@dstream/runtime';
import type { Screen } from './screen.ts';

/**
 * For pipes and files: the envelopes on standard output, one a line, the summary last; sentences on standard error.
 *
 * @param hurry when it aborts nothing waits for a slow reader any more
 */
export function pipedScreen(out: Writable, err: Writable, hurry: AbortSignal): Screen {
  return {
    say: (text) => void err.write(`${text}\n`),
    change: (_event, line) => written(out, `${line}\n`, hurry),
    live: () => undefined,
    clear: () => undefined,
    summary: (summary) => written(out, `${JSON.stringify(summary)}\n`),
  };
}

/** Resolves when the text is out, has failed (the stream's `error` event says so), or `hurry` aborts. */
export function written(stream: Writable, text: string, hurry?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const forget = hurry === undefined ? () => undefined : onAbort(hurry, resolve);
    stream.write(text, () => {
      forget();
      resolve();
    });
  });
}
