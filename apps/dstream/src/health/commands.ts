/** The command `dstream health`: its options and its help. The files that do the work are loaded when it runs. */
import { parseDuration } from '@dstream/config/duration';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { httpAddressOf } from '../process/http-address.ts';

const help = `
Examples:
  $ dstream health                          is the process at 127.0.0.1:8080 alive?
  $ dstream health --ready                  has it reached everything that it needs?
  $ dstream health --config dstream.hcl     the process of this file: its address is in service { http }
  $ dstream health --address 127.0.0.1:9090 --timeout 1s

For HEALTHCHECK of a container image and exec probes: one line, exit code 0 for yes, 1 for no, 2 for wrong usage. It
starts fastest without --config. It needs no token.`;

interface HealthFlags {
  readonly config?: string;
  readonly address?: string;
  readonly ready?: boolean;
  readonly timeout: number;
}

/** Adds it to the program. @param exit called once when it has run, with its exit code */
export function addHealth(program: Command, exit: (code: number) => void): void {
  program
    .command('health')
    .description('ask the process on this machine whether it is alive, or ready')
    .addOption(
      new Option('--config <file>', 'configuration file (HCL) that says where it listens').conflicts(
        'address',
      ),
    )
    .addOption(
      new Option('--address <host:port>', 'where it listens (default: 127.0.0.1:8080)').argParser(
        plainAddressOf,
      ),
    )
    .option('--ready', 'ask whether it is ready, not only whether it is alive')
    .addOption(
      new Option('--timeout <duration>', 'longest time until the answer')
        .argParser(timeoutOf)
        .default(3_000, '3s'),
    )
    .addHelpText('after', help)
    .action(async ({ config, address, ready = false, timeout }: HealthFlags) => {
      const { reportHealth } = await import('./report-health.ts');
      exit(await reportHealth({ config, address, ready, timeoutMs: timeout }));
    });
}

/** A process itself never speaks TLS. */
function plainAddressOf(text: string): string {
  if (/^https:/i.test(text))
    throw new InvalidArgumentError('A process serves http, not https: write HOST:PORT.');
  return httpAddressOf(text);
}

function timeoutOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 10 || ms > 600_000)
    throw new InvalidArgumentError('A timeout is a duration from 10ms to 10m, such as 3s.');
  return ms;
}
