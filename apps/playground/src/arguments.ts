/** What stands after `npm start --`. */
import { Command, InvalidArgumentError } from 'commander';

export interface PlaygroundArguments {
  /** How long the workload writes, in milliseconds; undefined: until it is stopped. */
  readonly forMs: number | undefined;
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = Number(match?.[1]) * units[match?.[2] as keyof typeof units];
  if (!(ms > 0 && Number.isSafeInteger(Math.ceil(ms))))
    throw new InvalidArgumentError(
      'A duration is a number above zero and ms, s, m or h, such as 20s or 1.5m.',
    );
  return ms;
}

/** Throws commander's CommanderError, which has written its own message; its exit code is 0 for `--help`. */
export function parseArguments(args: readonly string[]): PlaygroundArguments {
  const { for: forMs } = new Command('npm start --')
    .description('Runs the whole pipeline on this machine: a shop database, two ingesters, two processors.')
    .option('--for <duration>', 'stop the workload after this time, wait for the rest, sum up', duration)
    .allowExcessArguments(false)
    .exitOverride()
    .addHelpText('after', examples)
    .parse(args, { from: 'user' })
    .opts<{ for?: number }>();
  return { forMs };
}

const examples = `
Examples:
  npm start                      until Ctrl-C; a second Ctrl-C kills everything at once
  npm start -- --for 20s         exits 0 only when nothing is missing and nothing out of order
  npm start --silent | head -3   changes as JSON lines`;
