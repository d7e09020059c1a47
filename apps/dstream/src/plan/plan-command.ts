/** `dstream plan`: what would be read and where it would go, without reading or sending anything. */
import { planOffline, planOnline, type IngesterPlan } from '@dstream/ingester';
import { systemClock } from '@dstream/async';
import { paintFor, visibleText } from '@dstream/terminal';
import type { Command } from 'commander';
import { azureCredentials } from '../azure-credential.ts';
import { defaultFile, load } from '../load.ts';
import { print } from '../print.ts';
import { planDocument, type PlanDocument } from './plan-document.ts';
import { planLines } from './plan-lines.ts';

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

/** Width where the terminal does not say one. */
const usualColumns = 80;

export function addPlan(program: Command, exit: (code: number) => void): void {
  program
    .command('plan')
    .description('show what will be read and where it will go, without reading or sending anything')
    .option('--config <file>', 'the configuration file (HCL), - is standard input', defaultFile)
    .option('--offline', 'do not ask the database')
    .option('--json', 'JSON in a terminal too')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      exit(await plan(flags));
    });
}

async function plan({ config, offline = false, json = false }: Flags): Promise<number> {
  const document = await make(config, offline);
  const onScreen = process.stdout.isTTY && !json;
  await print(onScreen ? text(document) : `${visibleText(JSON.stringify(document))}\n`);
  return document.tables.some(({ fault }) => fault !== null) ? 1 : 0;
}

async function make(file: string, offline: boolean): Promise<PlanDocument> {
  const configuration = await load(file, { use: 'validate' });
  const { ingester } = configuration;
  const context = { configuration, clock: systemClock, credential: azureCredentials() };
  let planned: IngesterPlan | undefined;
  if (ingester !== undefined)
    planned = offline
      ? planOffline(ingester, context)
      : await planOnline(ingester, context, { signal: new AbortController().signal });
  return planDocument(configuration, planned, offline);
}

function text(document: PlanDocument): string {
  const paint = paintFor(true, process.env);
  return `${planLines(document, { width: process.stdout.columns || usualColumns, paint }).join('\n')}\n`;
}
