/** The commands `dstream dead-letters …`: their options and their help. The files that do the work are loaded when they run. */
import { parseDuration } from '@dstream/config/duration';
import { parseTablePattern } from '@dstream/config/table-pattern';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { DeadLetterFilter } from './dead-letter-filter.ts';

const help = `
Examples:
  $ dstream dead-letters list --since 2h              what was dead-lettered, oldest first
  $ dstream dead-letters list --reason NotDelivered --output hook --table 'sales.*'
  $ dstream dead-letters show 1042                    its properties, reasons and failed changes
  $ dstream dead-letters replay 1042 1043             send their failed changes again
  $ dstream dead-letters replay --output hook --yes   all that the output "hook" refused, without a question
  $ dstream dead-letters discard --reason MalformedMessage --table dbo.Old
Exit code: 0 when all was done, 1 when something is left or not there, 2 for wrong configuration or usage.`;

const listHelp = `
Locks nothing and counts no delivery. Piped, the output is JSON, one object per line.`;

const replayHelp = `
Only the changes that failed are sent, to the outputs that refused them; what could not be read or transformed goes by the
routes. Dead letters of the broker (TTLExpiredException, MaxDeliveryCountExceeded) are replayed whole. Replayed changes come out of order:
they carry metadata.replay, and destinations compare (generation, position). A dead letter that somebody else has locked is
skipped. Piped, the output is JSON, one object per dead letter.`;

const discardHelp = `
What is discarded cannot be replayed. Piped, the output is JSON, one object per dead letter.`;

interface Flags {
  readonly config: string;
  readonly reason: readonly string[];
  readonly table: readonly string[];
  readonly output: readonly string[];
  readonly since?: number;
  readonly limit?: number;
  readonly json?: boolean;
}

interface SettleFlags extends Flags {
  readonly yes?: boolean;
}

interface ReplayFlags extends SettleFlags {
  readonly reroute?: boolean;
}

/** Dead letters that `list` shows without `--limit`. */
const usualLimit = 100;

/** Adds them to the program. @param exit called once by the command that runs, with its exit code */
export function addDeadLetters(program: Command, configFile: string, exit: (code: number) => void): void {
  const group = program
    .command('dead-letters')
    .description('list, show, replay or discard the dead letters of the processor')
    .addHelpText('after', help);
  const command = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration file (HCL); - is standard input', configFile)
      .option('--json', 'print JSON, in a terminal too');
  addList(command('list', 'list dead letters, oldest first'), exit);
  addShow(command('show', 'show everything about dead letters'), exit);
  addReplay(
    command('replay', 'send the failed changes of dead letters again, and remove the dead letters'),
    exit,
  );
  addDiscard(command('discard', 'remove dead letters'), exit);
}

function addList(command: Command, exit: (code: number) => void): void {
  withFilter(command, String(usualLimit))
    .addHelpText('after', listHelp)
    .action(async (flags: Flags) => {
      const { listDeadLetters } = await import('./show-dead-letters.ts');
      const { config, limit = usualLimit, json = false } = flags;
      exit(await listDeadLetters({ config, filter: filterOf([], flags), limit, json }));
    });
}

function addShow(command: Command, exit: (code: number) => void): void {
  command
    .argument('<number...>', 'sequence numbers, as list shows them', numbers)
    .addHelpText('after', listHelp)
    .action(async (wanted: readonly string[], { config, json = false }: Flags) => {
      const { showDeadLetters } = await import('./show-dead-letters.ts');
      exit(await showDeadLetters({ config, numbers: wanted, json }));
    });
}

function addReplay(command: Command, exit: (code: number) => void): void {
  withFilter(
    command.argument('[number...]', 'sequence numbers; without them, all that match', numbers),
    'all',
  )
    .option('--reroute', 'by the routes of the configuration, not to the outputs that refused the changes')
    .option('--yes', 'do not ask')
    .addHelpText('after', replayHelp)
    .action(async (wanted: readonly string[] = [], flags: ReplayFlags) => {
      const { replayDeadLetters } = await import('./replay-dead-letters.ts');
      exit(await replayDeadLetters({ ...settling(wanted, flags), reroute: flags.reroute ?? false }));
    });
}

function addDiscard(command: Command, exit: (code: number) => void): void {
  withFilter(
    command.argument('[number...]', 'sequence numbers; without them, all that match', numbers),
    'all',
  )
    .option('--yes', 'do not ask')
    .addHelpText('after', discardHelp)
    .action(async (wanted: readonly string[] = [], flags: SettleFlags) => {
      const { discardDeadLetters } = await import('./replay-dead-letters.ts');
      exit(await discardDeadLetters(settling(wanted, flags)));
    });
}

function settling(wanted: readonly string[], flags: SettleFlags) {
  const { config, limit = Infinity, json = false, yes = false } = flags;
  return { config, filter: filterOf(wanted, flags), limit, json, yes };
}

function withFilter(command: Command, limit: string): Command {
  const repeatable = (flag: string, description: string) =>
    new Option(flag, `${description}; may be repeated`).argParser(added).default([], 'all');
  return command
    .addOption(repeatable('--reason <reason>', 'dead-letter reason, such as NotDelivered'))
    .addOption(
      repeatable('--table <pattern>', 'table as in a configuration file: Persons, sales.*').argParser(
        tableAdded,
      ),
    )
    .addOption(repeatable('--output <name>', 'output that refused changes'))
    .addOption(
      new Option('--since <time>', 'accepted by the topic since: 2h, or a time in ISO 8601').argParser(
        timeOf,
      ),
    )
    .addOption(new Option('--limit <count>', `at most so many (default: ${limit})`).argParser(countOf));
}

function filterOf(wanted: readonly string[], { reason, table, output, since }: Flags): DeadLetterFilter {
  return {
    numbers: wanted,
    reasons: reason,
    tables: table,
    outputs: output,
    ...(since !== undefined && { sinceMs: since }),
  };
}

function added(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

function tableAdded(text: string, before: readonly string[]): string[] {
  const pattern = parseTablePattern(text);
  if (pattern === undefined)
    throw new InvalidArgumentError('A table is Orders, sales.*, dbo.Order* or [odd.schema].[my table].');
  return [...before, pattern];
}

function numbers(text: string, before: readonly string[] = []): string[] {
  if (!/^\d{1,19}$/.test(text))
    throw new InvalidArgumentError('A sequence number is a whole number, as list shows it.');
  return [...before, String(BigInt(text))];
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('A limit is a whole number from 1.');
  return count;
}

/** ISO 8601 as `Date.parse` reads it: a time without a zone is local. */
const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** Ms since 1970. */
function timeOf(text: string): number {
  const ago = parseDuration(text);
  const atMs = ago === undefined ? (isoTime.test(text) ? Date.parse(text) : NaN) : Date.now() - ago;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError('A time is a duration ago, such as 2h, or 2026-11-20T09:15:00Z.');
  return atMs;
}
