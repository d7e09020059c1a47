/** Runs `dstream plan`: a table in a terminal, else JSON. */
import { planOffline, planOnline, type IngesterPlan } from '@dstream/ingester/plan';
import { systemClock } from '@dstream/async';
import { paintFor, visibleText } from '@dstream/terminal';
import { azureCredentials } from '../sign-in/azure-credential.ts';
import { load } from '../configuration/load.ts';
import { print } from '../process/print.ts';
import { planDocument, type PlanDocument } from './plan-document.ts';
import { planLines } from './plan-lines.ts';

/** The options of `dstream plan`. */
export interface PlanOptions {
  readonly config: string;
  /** Do not ask the database. */
  readonly offline: boolean;
  /** JSON in a terminal too. */
  readonly json: boolean;
}

/** Used when the terminal does not report its width. */
const usualColumns = 80;

/** Prints the plan. Resolves with the exit code: 1 when a table has a fault. Rejects when the source cannot be reached. */
export async function showPlan({ config, offline, json }: PlanOptions): Promise<number> {
  const document = await make(config, offline);
  const onScreen = process.stdout.isTTY && !json;
  await print(onScreen ? text(document) : `${visibleText(JSON.stringify(document))}\n`);
  return document.tables.some(({ fault }) => fault !== null) ? 1 : 0;
}

async function make(file: string, offline: boolean): Promise<PlanDocument> {
  const configuration = await load(file, { use: 'validate' });
  const { ingester } = configuration;
  const context = { clock: systemClock, credential: azureCredentials() };
  let planned: IngesterPlan | undefined;
  if (ingester !== undefined)
    planned = offline
      ? planOffline(ingester)
      : await planOnline(ingester, context, { signal: new AbortController().signal });
  return planDocument(configuration, planned, offline);
}

function text(document: PlanDocument): string {
  const paint = paintFor(true, process.env);
  return `${planLines(document, { width: process.stdout.columns || usualColumns, paint }).join('\n')}\n`;
}
