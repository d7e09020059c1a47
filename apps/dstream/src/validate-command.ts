/** `dstream validate`: what it understands. */
import { DStreamError } from '@dstream/core';
import { Option, type Command } from 'commander';
import { defaultFile } from './configuration/config-option.ts';

const help = `
Examples:
  $ dstream validate                      check dstream.hcl in this directory
  $ dstream validate shop.hcl --strict    notes are errors: variables that are not set, keys without effect
  $ cat shop.hcl | dstream validate -     check standard input

Exit code 0 when the file is valid, else 2.`;

interface Flags {
  readonly config?: string;
  readonly strict?: boolean;
}

export function addValidate(program: Command, exit: (code: number) => void): void {
  program
    .command('validate')
    .description('check a configuration file without connecting to anything')
    .argument('[file]', `the configuration file (HCL), - is standard input (default: "${defaultFile}")`)
    .addOption(new Option('--config <file>', 'the same, as the other commands have it'))
    .option('--strict', 'notes are errors')
    .addHelpText('after', help)
    .action(async (file: string | undefined, flags: Flags) => {
      const { validate } = await import('./validate.ts');
      await validate(fileOf(file, flags.config), flags.strict ?? false);
      exit(0);
    });
}

function fileOf(argument: string | undefined, option: string | undefined): string {
  if (argument !== undefined && option !== undefined)
    throw new DStreamError('ConfigInvalid', 'validate takes one file: write FILE or --config FILE, not both');
  return argument ?? option ?? defaultFile;
}
