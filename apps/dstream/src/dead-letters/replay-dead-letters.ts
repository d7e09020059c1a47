/** Runs `dstream dead-letters replay` and `discard`: chooses, checks, asks, acts, reports. */
import { DStreamError } from '@dstream/core';
import { systemClock } from '@dstream/async';
import { sha256Hex } from '@dstream/runtime/service-context';
import { canAsk, confirm } from '../process/confirm.ts';
import { interruption } from '../process/interruption.ts';
import { print } from '../process/print.ts';
import { summaryOf, type DeadLetterSummary } from './dead-letter-document.ts';
import { chosen, type DeadLetterFilter } from './dead-letter-filter.ts';
import { openDeadLetters, type OpenDeadLetters } from './open-dead-letters.ts';
import { counted, isDone, isForPeople, outcomeText, reportMissing, summed } from './report-dead-letters.ts';
import { settleDeadLetters, type DeadLetterAction } from './settle-dead-letters.ts';

/** The options of `replay` and `discard`. */
export interface SettleCommandOptions {
  readonly config: string;
  readonly filter: DeadLetterFilter;
  readonly limit: number;
  /** JSON in a terminal too. */
  readonly json: boolean;
  /** Do not ask. */
  readonly yes: boolean;
}

/** The options of `replay`. */
export interface ReplayCommandOptions extends SettleCommandOptions {
  /** By the routes of the configuration, not to the outputs at which the changes failed. */
  readonly reroute: boolean;
}

/** Sends the failed changes again and removes the dead letters. Resolves with the exit code: 1 when some are left. */
export function replayDeadLetters({ reroute, ...options }: ReplayCommandOptions): Promise<number> {
  return settleChosen('replay', options, (open, letters) => {
    if (!reroute) assertOutputs(open, letters);
    const { subscription } = open;
    return {
      action: { kind: 'replay', subscription, reroute, hash: sha256Hex },
      question: `Replay ${summed(letters)} to subscription ${subscription}? [y/N] `,
      agreed: /^y(es)?$/i,
    };
  });
}

/** Removes the dead letters. Resolves with the exit code: 1 when some are left. */
export async function discardDeadLetters(options: SettleCommandOptions): Promise<number> {
  if (options.yes && isEverything(options.filter))
    throw new DStreamError(
      'ConfigInvalid',
      'discard --yes would remove every dead letter; add sequence numbers or a filter, or leave out --yes',
    );
  return settleChosen('discard', options, ({ subscription }, letters) => ({
    action: { kind: 'discard' },
    question: `Discard ${summed(letters)} of subscription ${subscription}? They are lost for good. Type "discard" to continue: `,
    agreed: /^discard$/i,
  }));
}

function isEverything({ numbers, reasons, tables, outputs, sinceMs }: DeadLetterFilter): boolean {
  return [numbers, reasons, tables, outputs].every((list) => list.length === 0) && sinceMs === undefined;
}

interface Plan {
  readonly action: DeadLetterAction;
  readonly question: string;
  readonly agreed: RegExp;
}

async function settleChosen(
  command: string,
  { config, filter, limit, json, yes }: SettleCommandOptions,
  planFor: (open: OpenDeadLetters, letters: readonly DeadLetterSummary[]) => Plan,
): Promise<number> {
  if (!yes && !canAsk())
    throw new DStreamError(
      'ConfigInvalid',
      `${command} asks before it acts, and there is no terminal; add --yes`,
    );
  await using open = await openDeadLetters(config);
  const browsed = open.queue.browse({ signal: new AbortController().signal });
  const { items: letters } = await chosen(browsed, filter, limit, summaryOf);
  const missing = missingOf(filter, letters);
  missing.forEach(reportMissing);
  if (letters.length === 0) return await reportNothing(json, missing.length);
  const { action, question, agreed } = planFor(open, letters);
  if (!yes && !(await confirm(question, agreed))) {
    process.stderr.write('nothing was done\n');
    return 1;
  }
  const isComplete = await settleAll(letters, open, action, json);
  return isComplete && missing.length === 0 ? 0 : 1;
}

/** The numbers that were asked for and that no dead letter has, or none that the filter lets through. */
function missingOf({ numbers }: DeadLetterFilter, letters: readonly DeadLetterSummary[]): readonly string[] {
  const found = new Set(letters.map(({ sequenceNumber }) => sequenceNumber));
  return numbers.filter((number) => !found.has(number));
}

async function reportNothing(json: boolean, missing: number): Promise<number> {
  if (isForPeople(json)) await print('no dead letter matches\n');
  return missing === 0 ? 0 : 1;
}

/** Nothing is sent to an output that is gone: the change would come back. */
function assertOutputs({ file, outputs }: OpenDeadLetters, letters: readonly DeadLetterSummary[]): void {
  for (const { sequenceNumber, outputs: failedAt } of letters) {
    const gone = failedAt.find((name) => !outputs.has(name));
    if (gone === undefined) continue;
    throw new DStreamError(
      'ConfigInvalid',
      `dead letter ${sequenceNumber} failed at output "${gone}", which ${file} does not have; nothing was replayed. ` +
        'With --reroute its changes go by the routes of the file; with --output NAME only dead letters of outputs that are there are replayed',
    );
  }
}

/** True when all of them were settled. */
async function settleAll(
  letters: readonly DeadLetterSummary[],
  { queue }: OpenDeadLetters,
  action: DeadLetterAction,
  json: boolean,
): Promise<boolean> {
  using interrupted = interruption();
  const { signal } = interrupted;
  let left = letters.length;
  try {
    for await (const outcome of settleDeadLetters(letters, { queue, action, clock: systemClock, signal })) {
      if (isDone(outcome)) left -= 1;
      await print(outcomeText(outcome, isForPeople(json)));
    }
  } finally {
    const did = action.kind === 'replay' ? 'replayed' : 'discarded';
    const rest = left === 0 ? '' : `; ${left} left`;
    if (isForPeople(json)) await print(`${did} ${counted(letters.length - left, 'dead letter')}${rest}\n`);
  }
  return left === 0;
}
