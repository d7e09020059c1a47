/** Runs `dstream status`: once or repeatedly, for a terminal or as JSON. */
import { systemClock } from '@dstream/async';
import { statusLines, type StatusDocument } from '@dstream/status';
import { paintFor, visibleText } from '@dstream/terminal';
import { azureCredentials } from '../sign-in/azure-credential.ts';
import { print } from '../process/print.ts';
import { StatusSource } from './status-source.ts';
import { watchAsJson, watchOnScreen } from './watch-status.ts';

/** The options of `dstream status`. */
export interface StatusOptions {
  readonly config: string | undefined;
  readonly addresses: readonly string[];
  /** Milliseconds between two answers; undefined: a single one. */
  readonly watchMs: number | undefined;
  readonly json: boolean;
}

/** Used when the terminal does not report its width. */
const usualColumns = 80;

/** Prints the status. Resolves with the exit code. Rejects when the first attempt fails: then there is nothing to show. */
export async function showStatus(options: StatusOptions): Promise<number> {
  const { watchMs, json } = options;
  await using source = await StatusSource.open({
    ...options,
    env: process.env,
    clock: systemClock,
    credential: azureCredentials(),
  });
  const onScreen = process.stdout.isTTY && !json;
  if (watchMs !== undefined) return (onScreen ? watchOnScreen : watchAsJson)(source, watchMs);
  const document = await source.look(new AbortController().signal);
  await print(onScreen ? text(document) : `${visibleText(JSON.stringify(document))}\n`);
  return exitCodeOf(options, document);
}

function text(document: StatusDocument): string {
  const paint = paintFor(true, process.env);
  return `${statusLines(document, { width: process.stdout.columns || usualColumns, paint }).join('\n')}\n`;
}

/** 1 when only addresses were given and none of them answers. */
function exitCodeOf({ config }: StatusOptions, { replicas }: StatusDocument): number {
  return config === undefined && !replicas.some(({ reachable }) => reachable) ? 1 : 0;
}
