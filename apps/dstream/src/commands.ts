/**
 * What every command understands: its options, its help, and the file that does its work. That file is loaded when the
 * command runs, so that `--help` and `validate` load no engine and no client library.
 */
import { parseDuration } from '@dstream/config/duration';
import { DStreamError } from '@dstream/core';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { addCheck } from './check/commands.ts';
import { addDeadLetters } from './dead-letters/commands.ts';
import { addHealth } from './health/commands.ts';
import { httpAddressOf } from './process/http-address.ts';
import type { RunOptions, ServiceName } from './run-services.ts';
import type { StatusOptions } from './status/show-status.ts';

/** Takes the exit code of a command that has run. */
type Exit = (code: number) => void;

/** Read when `--config` is not given. */
const defaultFile = 'dstream.hcl';

/** Adds every command to the program. @param exit called once by the command that runs, with its exit code */
export function addCommands(program: Command, exit: Exit): void {
  addService(
    program,
    'ingester',
    'read captured tables and send their changes to the topic',
    ['ingester'],
    exit,
  );
  addService(
    program,
    'processor',
    'receive changes from the topic and deliver them to the outputs',
    ['processor'],
    exit,
  );
  addService(program, 'server', 'run ingester and processor in one process', ['ingester', 'processor'], exit);
  addValidate(program, exit);
  addPlan(program, exit);
  addCheck(program, defaultFile, exit);
  addStatus(program, exit);
  addHealth(program, exit);
  addTransform(program, exit);
  addDeadLetters(program, defaultFile, exit);
}

function withConfig(command: Command): Command {
  return command.option('--config <file>', 'configuration file (HCL); - is standard input', defaultFile);
}

function addService(
  program: Command,
  name: string,
  description: string,
  services: readonly ServiceName[],
  exit: Exit,
): void {
  withConfig(program.command(name))
    .description(description)
    .option(
      '--instance <name>',
      'name of this replica (default: DSTREAM_INSTANCE, else host name and process id)',
    )
    .addOption(
      new Option('--log-level <level>', 'least severe level that is logged').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
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

const validateHelp = `
Examples:
  $ dstream validate                      check dstream.hcl in this directory
  $ dstream validate shop.hcl --strict    also fail on notes: variables that are not set, keys without effect
  $ cat shop.hcl | dstream validate -     check standard input

Exit code: 0 when the file is valid, else 2.`;

interface ValidateFlags {
  readonly config?: string;
  readonly strict?: boolean;
}

function addValidate(program: Command, exit: Exit): void {
  program
    .command('validate')
    .description('check a configuration file without connecting to anything')
    .argument('[file]', `configuration file (HCL); - is standard input (default: "${defaultFile}")`)
    .option('--config <file>', 'the same, as for the other commands')
    .option('--strict', 'treat notes as errors')
    .addHelpText('after', validateHelp)
    .action(async (file: string | undefined, flags: ValidateFlags) => {
      const { validate } = await import('./configuration/load.ts');
      await validate(fileToValidate(file, flags.config), flags.strict ?? false);
      exit(0);
    });
}

function fileToValidate(argument: string | undefined, option: string | undefined): string {
  if (argument !== undefined && option !== undefined)
    throw new DStreamError('ConfigInvalid', 'validate takes one file: write FILE or --config FILE, not both');
  return argument ?? option ?? defaultFile;
}

const planHelp = `
Examples:
  $ dstream plan --config dstream.hcl              tables, capture instances, sessions, and destinations in each output
  $ dstream plan --offline                         the same for dstream.hcl, without connecting to the database
  $ dstream plan | jq -r '.tables[].destinations'  every queue, topic, hub and file that is needed

Only the database is asked, for its catalogue. Piped, the output is JSON. Exit code: 1 when a table has a fault or the
database cannot be reached.`;

interface PlanFlags {
  readonly config: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

function addPlan(program: Command, exit: Exit): void {
  withConfig(program.command('plan'))
    .description('show what would be read and where it would go; reads and sends nothing')
    .option('--offline', 'do not ask the database')
    .option('--json', 'print JSON, in a terminal too')
    .addHelpText('after', planHelp)
    .action(async ({ config, offline = false, json = false }: PlanFlags) => {
      const { showPlan } = await import('./plan/show-plan.ts');
      exit(await showPlan({ config, offline, json }));
    });
}

const statusHelp = `
Examples:
  $ dstream status --config dstream.hcl                     all tables, from the leases, and all ingesters announced there
  $ dstream status --config dstream.hcl --watch             the same, kept up to date; q quits
  $ dstream status --address 10.0.0.7:8080                  what one process reports, without the storage
  $ dstream status --config dstream.hcl | jq '.tables[] | select(.state == "fault")'

Ingesters are found through their leases. Processors have none: they are asked at the address in service { http } and at
every --address. Piped, the output is JSON, one object per line. Exit code: 1 when the leases, or all addresses, cannot
be read.`;

interface StatusFlags {
  readonly config?: string;
  readonly address: readonly string[];
  readonly watch?: number | true;
  readonly json?: boolean;
}

const defaultWatchMs = 2_000;

function addStatus(program: Command, exit: Exit): void {
  program
    .command('status')
    .description('show tables with owner, epoch, lag, rate and fault, replicas and outputs')
    .option(
      '--config <file>',
      `configuration file (HCL), to find leases and ingesters (default without --address: "${defaultFile}")`,
    )
    .addOption(
      new Option('--address <host:port>', 'ask this process too; may be repeated')
        .argParser((text: string, before: readonly string[]) => [...before, httpAddressOf(text)])
        .default([], 'none'),
    )
    .addOption(
      new Option('--watch [interval]', 'keep it up to date, by default every 2s').argParser(intervalOf),
    )
    .option('--json', 'print JSON, in a terminal too')
    .addHelpText('after', statusHelp)
    .action(async (flags: StatusFlags) => {
      const { showStatus } = await import('./status/show-status.ts');
      exit(await showStatus(statusOptions(flags)));
    });
}

function statusOptions({ config, address, watch, json = false }: StatusFlags): StatusOptions {
  const file = config ?? (address.length === 0 ? defaultFile : undefined);
  const watchMs = watch === true ? defaultWatchMs : watch;
  return { config: file, addresses: address, watchMs, json };
}

function intervalOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 100 || ms > 3_600_000)
    throw new InvalidArgumentError('An interval is a duration from 100ms to 1h, such as 2s.');
  return ms;
}

const transformTestHelp = `
Examples:
  $ dstream transform test --config dstream.hcl --input changes.jsonl          before and after of each line
  $ dstream transform test --input changes.jsonl --transform mine              by one transform, without the routes
  $ echo '{"data":{"ID":1,"Email":"a@b.org"},"metadata":{"table":"sales.Customers"}}' |
      dstream transform test --input -                                         a change in its short form
  $ dstream transform test --input changes.jsonl | jq -c '.after[].data'

A line of the input is a change as the file output writes it, or a short form: data, where wanted before, and any fields
of metadata (table, operation, key, …); the others get a default. Only the variables of the transforms and routes that are
used are needed; nothing is connected but what a transform calls. Piped, the output is JSON, one object a line. Exit
code: 1 when a change could not be read, transformed or routed.`;

interface TransformTestFlags {
  readonly config: string;
  readonly input: string;
  readonly transform?: string;
  readonly json?: boolean;
}

function addTransform(program: Command, exit: Exit): void {
  const transform = program.command('transform').description('try the transforms of a file');
  withConfig(transform.command('test'))
    .description('show what the transforms and routes make of changes in a file; delivers nothing')
    .requiredOption('--input <file>', 'file with a change a line (JSON Lines); - is standard input')
    .option('--transform <name>', 'apply this transform only, and no routes')
    .option('--json', 'print JSON, in a terminal too')
    .addHelpText('after', transformTestHelp)
    .action(async ({ config, input, transform: name, json = false }: TransformTestFlags) => {
      const { testTransforms } = await import('./transform-test/test-transforms.ts');
      exit(await testTransforms({ config, input, transform: name, json }));
    });
}
