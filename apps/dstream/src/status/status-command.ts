/** `dstream status`: what it understands. */
import { parseDuration } from '@dstream/config/duration';
import { Option, InvalidArgumentError, type Command } from 'commander';
import { defaultFile } from '../configuration/config-option.ts';
import type { StatusOptions } from './show-status.ts';

const help = `
Examples:
  $ dstream status --config dstream.hcl                     every table, from the leases, and every ingester that is found
  $ dstream status --config dstream.hcl --watch             the same, kept up to date; q ends it
  $ dstream status --address 10.0.0.7:8080                  what one process says, without the storage
  $ dstream status --config dstream.hcl | jq '.tables[] | select(.state == "fault")'

Ingesters are found by their leases. Processors hold none: they are asked at the address in service { http } and at every
--address. Piped, it is one JSON object a look, on a line. Exit code 1 when the leases, or all addresses, cannot be read.`;

interface Flags {
  readonly config?: string;
  readonly address: readonly string[];
  readonly watch?: number | true;
  readonly json?: boolean;
}

const defaultWatchMs = 2_000;

export function addStatus(program: Command, exit: (code: number) => void): void {
  program
    .command('status')
    .description('show tables with owner, epoch, lag, rate and fault, the replicas and the outputs')
    .option(
      '--config <file>',
      `the configuration file (HCL): finds the leases and the ingesters (default without --address: "${defaultFile}")`,
    )
    .addOption(
      new Option('--address <host:port>', 'ask this process too; may be repeated')
        .argParser((text: string, before: readonly string[]) => [...before, addressOf(text)])
        .default([], 'none'),
    )
    .addOption(
      new Option('--watch [interval]', 'keep it up to date; the interval is 2s when not given').argParser(
        intervalOf,
      ),
    )
    .option('--json', 'JSON in a terminal too')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const { showStatus } = await import('./show-status.ts');
      exit(await showStatus(optionsOf(flags)));
    });
}

function optionsOf({ config, address, watch, json = false }: Flags): StatusOptions {
  const file = config ?? (address.length === 0 ? defaultFile : undefined);
  const watchMs = watch === true ? defaultWatchMs : watch;
  return { config: file, addresses: address, watchMs, json };
}

/** `host:port`, `[::1]:8080` or an http address, as `http://host:port`. */
function addressOf(text: string): string {
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `http://${text}`);
  const bare = url !== null && url.pathname === '/' && url.search === '' && url.username === '';
  if (!bare || !/:\d+\/?$/.test(text) || url.port === '0')
    throw new InvalidArgumentError('An address is HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.');
  return url.origin;
}

function intervalOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 100 || ms > 3_600_000)
    throw new InvalidArgumentError('An interval is a duration from 100ms to 1h, such as 2s.');
  return ms;
}
