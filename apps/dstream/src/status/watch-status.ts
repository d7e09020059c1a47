/**
 * `dstream status --watch`: asks repeatedly until it is ended. The first attempt has to succeed; a later failure is
 * shown, and the last answer stays on the screen with its time.
 */
import { asDStreamError } from '@dstream/core';
import { pause, systemClock } from '@dstream/async';
import { statusLines, type StatusDocument } from '@dstream/status';
import { FullScreen, paintFor, readKeys, visibleLines, visibleText, wrapText } from '@dstream/terminal';
import { isReaderGone, notWritten } from '../process/print.ts';
import type { StatusSource } from './status-source.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

interface Seen {
  readonly document: StatusDocument;
  /** Why the last attempt failed; undefined when it did not. */
  readonly problem: string | undefined;
}

/** One document per line. Resolves with 0 when it is ended, also by a reader that goes away; rejects when a line is lost. */
export async function watchAsJson(source: StatusSource, everyMs: number): Promise<number> {
  using ending = endings();
  let failure: Error | undefined;
  process.stdout.on('error', (error) => {
    failure = error;
    ending.end();
  });
  let said: string | undefined;
  await looking(source, everyMs, ending.signal, ({ document, problem }) => {
    if (problem === undefined) process.stdout.write(`${visibleText(JSON.stringify(document))}\n`);
    else if (problem !== said) process.stderr.write(`dstream: ${visibleLines(problem)}\n`);
    said = problem;
  });
  if (failure !== undefined && !isReaderGone(failure)) throw notWritten(failure);
  return 0;
}

/** Uses the whole terminal and restores it. Resolves with 0 when it is ended by q, Ctrl-C or a signal. */
export async function watchOnScreen(source: StatusSource, everyMs: number): Promise<number> {
  using ending = endings();
  process.stdout.on('error', ending.end);
  const first = await source.look(ending.signal).catch((error: unknown) => unlessEnded(error, ending.signal));
  if (first === undefined) return 0;
  let seen: Seen = { document: first, problem: undefined };
  const size = () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 });
  const screen = new FullScreen({ out: process.stdout, size });
  const draw = () => screen.draw(picture(seen, screen.size));
  try {
    using _keys = pressing(ending.end, () => {
      screen.invalidate();
      draw();
    });
    process.stdout.on('resize', draw);
    draw();
    await pause(systemClock, everyMs, ending.signal);
    await looking(
      source,
      everyMs,
      ending.signal,
      (now) => {
        seen = now;
        draw();
      },
      seen.document,
    );
  } finally {
    process.stdout.off('resize', draw);
    await screen.leave();
  }
  return 0;
}

function unlessEnded(error: unknown, signal: AbortSignal): undefined {
  if (!signal.aborted) throw error;
  return undefined;
}

function pressing(end: () => void, again: () => void): Disposable {
  if (!process.stdin.isTTY) return { [Symbol.dispose]: () => undefined };
  return readKeys(process.stdin, (key) => {
    if (key === 'q' || key === 'ctrl-c') end();
    if (key === 'ctrl-l') again();
  });
}

async function looking(
  source: StatusSource,
  everyMs: number,
  signal: AbortSignal,
  show: (seen: Seen) => void,
  before?: StatusDocument,
): Promise<void> {
  let last = before;
  while (!signal.aborted) {
    try {
      last = await source.look(signal);
      show({ document: last, problem: undefined });
    } catch (error) {
      if (signal.aborted) return;
      if (last === undefined) throw error;
      show({ document: last, problem: asDStreamError(error).message });
    }
    await pause(systemClock, everyMs, signal);
  }
}

function picture({ document, problem }: Seen, { columns, rows }: FullScreen['size']): readonly string[] {
  const paint = paintFor(true, process.env);
  const time = document.at.slice(11, 19);
  const head = `${paint('bold', 'dstream status')}   ${time} UTC   ${paint('dim', 'q quits')}`;
  const complaint = problem === undefined ? [] : wrapText(`not refreshed: ${problem}`, columns);
  const top = [head, ...complaint.map((line) => paint('red', line)), ''];
  return [...top, ...statusLines(document, { width: columns, paint, height: rows - top.length })];
}

/** Aborted by a signal or by `end`. Dispose to remove the handlers. */
function endings(): Disposable & { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const end = () => controller.abort(new Error('ended'));
  for (const name of signals) process.on(name, end);
  return {
    signal: controller.signal,
    end,
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name, end);
    },
  };
}
