/**
 * The playground from its first signal handler to its exit code: until Ctrl-C, or with `--for 20s` for that long. Exit 0
 * after Ctrl-C, or when nothing is missing and nothing out of order; 1 otherwise.
 */
import type { Writable } from 'node:stream';
import { standardOutput } from '@dstream/outputs/console';
import { Stop } from '@dstream/runtime';
import { aborted, systemClock } from '@dstream/async';
import { paintFor, readKeys, type Key } from '@dstream/terminal';
import { control, stopOnInterrupts, type Controlled } from './controls.ts';
import { runPlayground } from './playground.ts';
import { pipedScreen, type Screen, type Summary } from './screen.ts';
import { terminalScreen } from './terminal-screen.ts';

/** Longer than a stop by Ctrl-C ever takes. */
const stopMs = 10_000;

interface Opened extends Disposable {
  readonly screen: Screen;
}

function open(stop: Stop, onKey: (key: Key) => void): Opened {
  const { stream, terminal } = standardOutput();
  // A reader of the changes that goes away ends the playground as Ctrl-C does; one of the sentences does not.
  stream.on('error', () => stop.drain('nobody reads the output'));
  // A terminal that cannot place its cursor gets lines, as a pipe does.
  if (terminal && process.env['TERM'] !== 'dumb') return openTerminal(stream, onKey);
  return {
    screen: pipedScreen(stream, process.stderr, stop.draining),
    [Symbol.dispose]: () => undefined,
  };
}

function openTerminal(out: Writable, onKey: (key: Key) => void): Opened {
  const screen = terminalScreen({
    out,
    size: () => ({ columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }),
    paint: paintFor(true, process.env),
    keys: process.stdin.isTTY,
    time: () => new Date().toTimeString().slice(0, 8),
    clock: systemClock,
  });
  const redraw = () => screen.redraw();
  process.stdout.on('resize', redraw);
  const keys = process.stdin.isTTY
    ? readKeys(process.stdin, (key) => (key === 'ctrl-l' ? redraw() : onKey(key)))
    : undefined;
  return {
    screen,
    [Symbol.dispose]: () => {
      process.stdout.off('resize', redraw);
      keys?.[Symbol.dispose]();
    },
  };
}

/** Stopped by hand, what was still on the way is not missed. */
function exitCode({ missing, outOfOrder }: Summary, interrupted: boolean): number {
  return outOfOrder === 0 && (interrupted || missing === 0) ? 0 : 1;
}

/** Resolves with the exit code. Rejects with what failed; the terminal is then as it was. */
export async function play(forMs: number | undefined): Promise<number> {
  using stop = new Stop(systemClock, stopMs);
  using interrupts = stopOnInterrupts(stop, systemClock);
  let controlled: Controlled | undefined;
  using opened = open(stop, (key) => {
    if (key === 'q' || key === 'ctrl-c') interrupts.interrupt(key);
    else if (controlled !== undefined && !stop.draining.aborted) control(key, controlled);
  });
  const { screen } = opened;
  const controllable = (now: Controlled) => (controlled = now);
  const options = {
    clock: systemClock,
    screen,
    forMs,
    stop: stop.draining,
    abort: stop.aborted,
    controllable,
  };
  try {
    const whole = runPlayground(options);
    const summary = await Promise.race([whole, aborted(stop.aborted).then(() => 'aborted' as const)]);
    return await ended(summary, screen, stop.draining.aborted);
  } finally {
    await screen.close();
  }
}

async function ended(
  summary: Summary | 'aborted' | undefined,
  screen: Screen,
  interrupted: boolean,
): Promise<number> {
  await screen.close();
  if (summary === 'aborted') {
    await screen.lastWords('killed everything');
    return 1;
  }
  if (summary === undefined) return 0;
  await screen.summary(summary, interrupted);
  return exitCode(summary, interrupted);
}
