/** `dstream plan`: what would be read and where it would go, without reading or sending anything. What it understands. */
import type { Command } from 'commander';
import { withConfig } from '../configuration/config-option.ts';

const help = `
Examples:
  $ dstream plan --config dstream.hcl              tables, capture instances, sessions, and destinations in each output
  $ dstream plan --offline                         of dstream.hcl, without connecting to the database
  $ dstream plan | jq -r '.tables[].destinations'  every queue, topic, hub and file that is needed

It asks the database only, for its catalogue. Piped it is JSON. Exit code 1 when a table has a fault or the database
cannot be asked.`;

interface Flags {
  readonly config: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

export function addPlan(program: Command, exit: (code: number) => void): void {
  withConfig(program.command('plan'))
    .description('show what will be read and where it will go, without reading or sending anything')
    .option('--offline', 'do not ask the database')
    .option('--json', 'JSON in a terminal too')
    .addHelpText('after', help)
    .action(async ({ config, offline = false, json = false }: Flags) => {
      const { showPlan } = await import('./show-plan.ts');
      exit(await showPlan({ config, offline, json }));
    });
}
