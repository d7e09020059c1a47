/** What `dstream` understands. Each command's work is in a file of its own, which is loaded when the command runs. */
import { Command, CommanderError, Option } from 'commander';
import { withConfig } from './configuration/config-option.ts';
import { exitCodeOf, sayFailure } from './process/failure.ts';
import { addPlan } from './plan/plan-command.ts';
import type { RunOptions, ServiceName } from './run-services.ts';
import { addStatus } from './status/status-command.ts';
import { usageHint } from './usage-error.ts';
import { addValidate } from './validate-command.ts';
import { version } from './version.ts';

const examples = `
Examples:
  $ dstream ingester --config dstream.hcl           read the tables, send their changes to the topic
  $ dstream processor --config dstream.hcl          take changes from the topic to the outputs
  $ dstream server --config dstream.hcl             both in one process: for a small setup
  $ dstream validate dstream.hcl                    check the file without connecting to anything
  $ dstream plan --config dstream.hcl               show what will be read and where it will go
  $ dstream status --config dstream.hcl --watch     see tables, owners, lag, rates, faults
  $ dstream ingester --config dstream.hcl --instance blue-1 --log-level debug

Without --config, dstream.hcl in this directory is read.
Replicas: start the same command again, here or elsewhere; they share the work among themselves.
Stop with SIGTERM or Ctrl-C: work in flight is finished and saved. A second signal gives up at once.`;

/** Resolves with the exit code. Prints what went wrong, never a stack trace for a user's mistake. */
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
    sayFailure(error);
    return exitCodeOf(error);
  }
}

function build(exit: (code: number) => void): Command {
  const program = new Command('dstream')
    .description('Streams the changes of SQL Server tables (change data capture) to the cloud.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(dstream --help shows what is possible)')
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .addHelpText('after', examples)
    .configureOutput({ writeOut })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text + usageHint(text, optionsOf(program))) });
  addService(
    program,
    'ingester',
    'read captured tables and send their changes to the topic',
    ['ingester'],
    exit,
  );
  addService(program, 'processor', 'take changes from the subscription to the outputs', ['processor'], exit);
  addService(program, 'server', 'ingester and processor in one process', ['ingester', 'processor'], exit);
  addValidate(program, exit);
  addPlan(program, exit);
  addStatus(program, exit);
  return program;
}

function optionsOf(program: Command): ReadonlySet<string> {
  return new Set(program.commands.flatMap(({ options }) => options.map(({ long }) => long ?? '')));
}

/** Of help and version: a reader that goes away is no failure. */
function writeOut(text: string): void {
  process.stdout.on('error', () => undefined).write(text);
}

function addService(
  program: Command,
  name: string,
  description: string,
  services: readonly ServiceName[],
  exit: (code: number) => void,
): void {
  withConfig(program.command(name))
    .description(description)
    .option(
      '--instance <name>',
      'name of this replica (default: DSTREAM_INSTANCE, else host name and process id)',
    )
    .addOption(new Option('--log-level <level>', 'least level that is logged').choices(levels))
    .addOption(
      new Option('--log-format <format>', 'default: pretty in a terminal, else json').choices([
        'json',
        'pretty',
      ]),
    )
    .addHelpText('after', `\nExample:\n  $ dstream ${name} --config dstream.hcl`)
    .action(async (options: RunOptions) => {
      const { runServices } = await import('./run-services.ts');
      exit(await runServices(services, options));
    });
}

const levels = ['debug', 'info', 'warn', 'error'];
