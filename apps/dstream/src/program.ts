/** The command line: builds the program, runs it, and turns every error into a message and an exit code. */
import { Command, CommanderError } from 'commander';
import { addCommands } from './commands.ts';
import { version } from './process/environment.ts';
import { exitCodeOf, reportFailure } from './process/exit.ts';

const examples = `
Examples:
  $ dstream ingester --config dstream.hcl           read the tables, send their changes to the topic
  $ dstream processor --config dstream.hcl          receive changes from the topic, deliver them to the outputs
  $ dstream server --config dstream.hcl             both in one process, for a small setup
  $ dstream validate dstream.hcl                    check the file without connecting to anything
  $ dstream plan --config dstream.hcl               show what would be read and where it would go
  $ dstream check --config dstream.hcl              report what is missing before it starts
  $ dstream status --config dstream.hcl --watch     watch tables, owners, lag, rates, faults
  $ dstream transform test --input changes.jsonl    show what the transforms of dstream.hcl make of changes
  $ dstream ingester --config dstream.hcl --instance blue-1 --log-level debug

Without --config, dstream.hcl in the current directory is read.
Replicas: start the same command again, here or elsewhere; replicas share the work.
Stop with SIGTERM or Ctrl-C: work in flight is finished and saved. A second signal aborts it.
Exit codes: 0 clean, 1 failed while running, 2 wrong configuration or usage.`;

/**
 * Runs the command line. Resolves with the exit code, also after an error, which it has printed then: one message, never a
 * stack trace for a user's mistake.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = build((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportFailure(error);
    return exitCodeOf(error);
  }
}

function build(exit: (code: number) => void): Command {
  const program = new Command('dstream')
    .description('Streams the changes of SQL Server tables (change data capture) to the cloud.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(dstream --help lists commands and options)')
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .addHelpText('after', examples)
    .configureOutput({ writeOut })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text + usageHint(text, optionsOf(program))) });
  addCommands(program, exit);
  return program;
}

function optionsOf(program: Command): ReadonlySet<string> {
  const below = program.commands.flatMap((command) => [command, ...command.commands]);
  return new Set(below.flatMap(({ options }) => options.map(({ long }) => long ?? '')));
}

/** Prints help and version. A reader that has gone away is no failure. */
function writeOut(text: string): void {
  process.stdout.on('error', () => undefined).write(text);
}

/**
 * What commander's message about wrong usage leaves unsaid, on a line of its own; empty when there is nothing to add.
 * @param known every option of every command, with two dashes
 */
export function usageHint(text: string, known: ReadonlySet<string>): string {
  const option = /unknown option '(-{1,2})([\w-]+)/.exec(text);
  const [, dashes, name = ''] = option ?? [];
  if (dashes === '-' && name.length > 1 && known.has(`--${name}`))
    return `(Options have two dashes: --${name})\n`;
  if (dashes === '--' && known.has(`--${name}`) && !text.includes('Did you mean'))
    return `(Write it after a command that has it: dstream COMMAND --${name})\n`;
  if (text.includes('too many arguments') && !text.includes("'validate'"))
    return '(Name the configuration file with --config FILE)\n';
  return '';
}
