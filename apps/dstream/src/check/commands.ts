/** The command `dstream check`: its options and its help. The files that do the work are loaded when it runs. */
import { parseDuration } from '@dstream/config/duration';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import type { CheckOptions } from './show-checks.ts';

const help = `
Examples:
  $ dstream check --config dstream.hcl            everything that the file refers to, before a service starts
  $ dstream check processor                       what the processor of dstream.hcl needs
  $ dstream check --fix-sql > fix.sql             the T-SQL for what is missing in the database
  $ dstream check --json | jq 'select(.outcome == "failed")'

Below each ✗ and ! is what to run or to do. Nothing is changed: what is written to try a right is named dstream-check-…
and removed. Piped, the output is JSON, one object per line. Exit code: 0 when no check failed (there may be warnings),
1 when one did, 2 for wrong configuration or usage.`;

interface CheckFlags {
  readonly config: string;
  readonly timeout: number;
  readonly text?: boolean;
  readonly json?: boolean;
  readonly fixSql?: boolean;
}

/** Adds it to the program. @param exit called once when it has run, with its exit code */
export function addCheck(program: Command, configFile: string, exit: (code: number) => void): void {
  program
    .command('check')
    .description('check everything that a configuration refers to, and report what is missing')
    .addArgument(
      new Argument('[service]', 'what will run (default: all that the file has)').choices([
        'ingester',
        'processor',
        'server',
      ]),
    )
    .option('--config <file>', 'configuration file (HCL); - is standard input', configFile)
    .addOption(
      new Option('--timeout <duration>', 'time limit of each part')
        .argParser(timeoutOf)
        .default(30_000, '30s'),
    )
    .addOption(new Option('--json', 'print JSON, in a terminal too').conflicts(['text', 'fixSql']))
    .addOption(new Option('--text', 'print lines for people, when piped too').conflicts('fixSql'))
    .option('--fix-sql', 'print only the T-SQL that fixes what is wrong in the database')
    .addHelpText('after', help)
    .action(async (service: CheckOptions['service'], flags: CheckFlags) => {
      const { showChecks } = await import('./show-checks.ts');
      const { config, timeout: timeoutMs } = flags;
      exit(await showChecks({ config, service, output: outputOf(flags), timeoutMs }));
    });
}

function outputOf({ json, text, fixSql }: CheckFlags): CheckOptions['output'] {
  if (fixSql === true) return 'sql';
  if (json === true) return 'json';
  return text === true ? 'text' : 'auto';
}

function timeoutOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 100 || ms > 600_000)
    throw new InvalidArgumentError('A timeout is a duration from 100ms to 10m, such as 30s.');
  return ms;
}
