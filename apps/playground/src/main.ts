/** `npm start`: runs the playground until Ctrl-C, or with `--for 20s` for that long. */
import { Command, InvalidArgumentError } from 'commander';
import { Stop, stopOnSignals, systemClock } from '@dstream/runtime';
import { silentLog } from '@dstream/core';
import { runPlayground } from './playground.ts';
import { pipedScreen, terminalScreen, type Summary } from './screen.ts';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('a duration is a number and ms, s, m or h, such as 20s.');
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

function isComplete({ missing, outOfOrder }: Summary): boolean {
  return missing === 0 && outOfOrder === 0;
}

async function main(): Promise<number> {
  const { for: forMs } = new Command('npm start --')
    .description('Runs the whole pipeline on this machine: a shop database, two ingesters, two processors.')
    .option(
      '--for <duration>',
      'stop the workload after this time, wait until all has arrived, print a summary',
      duration,
    )
    .parse()
    .opts<{ for?: number }>();
  const { stdout, stderr } = process;
  const screen = stdout.isTTY ? terminalScreen(stdout, () => stdout.columns) : pipedScreen(stdout, stderr);
  using stop = new Stop(systemClock, 90_000);
  using _signals = stopOnSignals(stop, silentLog);
  const options = { clock: systemClock, screen, forMs, stop: stop.draining, abort: stop.aborted };
  const summary = await runPlayground(options);
  screen.summary(summary);
  return isComplete(summary) ? 0 : 1;
}

process.exitCode = await main();
