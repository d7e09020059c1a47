/** The flags after `npm start --`. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';

/** The flags, read. */
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

/** The flags, or an exit code when commander has answered already: 0 after `--help`, 2 after a mistake. */
export function parseArguments(args: readonly string[]): PlaygroundArguments | number {
  try {
    const { for: forMs } = command().parse(args, { from: 'user' }).opts<{ for?: number }>();
    return { forMs };
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function command(): Command {
  return new Command('npm start --')
    .description('Runs the whole pipeline on this machine: a shop database, two ingesters, two processors.')
    .option(
      '--for <duration>',
      'stop writing after this time, wait for the last change, print a summary',
      duration,
    )
    .allowExcessArguments(false)
    .exitOverride()
    .addHelpText('after', examples);
}

const examples = `
Examples:
  npm start                      until Ctrl-C; a second Ctrl-C kills everything at once
  npm start -- --for 20s         exits 0 only when nothing is missing and nothing out of order
  npm start --silent | head -3   changes as JSON lines`;
