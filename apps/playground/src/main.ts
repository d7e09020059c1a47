/**
 * `npm start`: runs the playground until Ctrl-C, or with `--for 20s` for that long. Exit 0 after Ctrl-C, or when nothing
 * is missing and nothing out of order; 1 otherwise; 2 for wrong usage.
 */
import { standardOutput } from '@dstream/publishers';
import { Stop, aborted, systemClock } from '@dstream/runtime';
import { CommanderError } from 'commander';
import { parseArguments } from './arguments.ts';
import { stopOnInterrupts } from './interrupts.ts';
import { pipedScreen } from './piped-screen.ts';
import { runPlayground } from './playground.ts';
import type { Screen, Summary } from './screen.ts';
import { terminalScreen } from './terminal-screen.ts';

/** Longer than a stop by Ctrl-C ever takes. */
const stopMs = 10_000;

function openScreen(stop: Stop): Screen {
  const { stream, terminal } = standardOutput();
  // A reader that goes away ends the playground as Ctrl-C does.
  for (const output of [stream, process.stderr])
    output.on('error', () => stop.drain('nobody reads the output'));
  if (!terminal) return pipedScreen(stream, process.stderr, stop.draining);
  const columns = () => process.stdout.columns || 80;
  const colour = (process.env['NO_COLOR'] ?? '') === '';
  return terminalScreen({ out: stream, columns, colour, hurry: stop.draining });
}

/** Stopped by hand, what was still on the way is not missed. */
function exitCode({ missing, outOfOrder }: Summary, interrupted: boolean): number {
  return outOfOrder === 0 && (interrupted || missing === 0) ? 0 : 1;
}

async function run(stop: Stop): Promise<number> {
  const { forMs } = parseArguments(process.argv.slice(2));
  using _signals = stopOnInterrupts(stop, systemClock);
  const screen = openScreen(stop);
  const options = { clock: systemClock, screen, forMs, stop: stop.draining, abort: stop.aborted };
  const whole = runPlayground(options).finally(() => screen.clear());
  const summary = await Promise.race([whole, aborted(stop.aborted).then(() => 'aborted' as const)]);
  if (summary === 'aborted') {
    screen.clear();
    screen.say('killed everything');
    return 1;
  }
  if (summary === undefined) return 0;
  await screen.summary(summary);
  return exitCode(summary, stop.draining.aborted);
}

async function main(): Promise<number> {
  using stop = new Stop(systemClock, stopMs);
  try {
    return await run(stop);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`playground: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

// The libraries leave timers and sockets behind. What is left of the processes is killed when this one exits.
process.exit(await main());
