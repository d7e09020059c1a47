/** Runs `dstream dead-letters list` and `show`: they lock nothing and change nothing. */
import type { DeadLetter, DeadLetterQueue } from '@dstream/core';
import { paintFor } from '@dstream/terminal';
import { print } from '../process/print.ts';
import { documentOf, summaryOf } from './dead-letter-document.ts';
import { chosen, type DeadLetterFilter } from './dead-letter-filter.ts';
import { documentLines, summaryLines, type DeadLetterLinesOptions } from './dead-letter-lines.ts';
import { openDeadLetters } from './open-dead-letters.ts';
import { isForPeople, jsonLine, reportMissing } from './report-dead-letters.ts';

/** The options of `list`. */
export interface ListOptions {
  readonly config: string;
  readonly filter: DeadLetterFilter;
  readonly limit: number;
  /** JSON in a terminal too. */
  readonly json: boolean;
}

/** The options of `show`. */
export interface ShowOptions extends Pick<ListOptions, 'config' | 'json'> {
  /** Sequence numbers. */
  readonly numbers: readonly string[];
}

const never = new AbortController().signal;

/** Used when the terminal does not report its width. */
const usualColumns = 80;

/** Prints a table, or a line of JSON for each. Resolves with the exit code. */
export async function listDeadLetters({ config, filter, limit, json }: ListOptions): Promise<number> {
  await using open = await openDeadLetters(config);
  const { items, hasMore } = await chosen(open.queue.browse({ signal: never }), filter, limit, summaryOf);
  if (isForPeople(json)) await print(textOf(summaryLines(items, hasMore, look())));
  else await print(items.map(jsonLine).join(''));
  return 0;
}

/** Prints everything about the dead letters with these numbers. Resolves with the exit code: 1 when one is not there. */
export async function showDeadLetters({ config, numbers, json }: ShowOptions): Promise<number> {
  await using open = await openDeadLetters(config);
  let exitCode = 0;
  for (const number of numbers) {
    const dead = await find(open.queue, number);
    if (dead === undefined) {
      reportMissing(number);
      exitCode = 1;
    } else if (isForPeople(json)) await print(textOf(documentLines(documentOf(dead), look())));
    else await print(jsonLine(documentOf(dead)));
  }
  return exitCode;
}

async function find(queue: DeadLetterQueue, number: string): Promise<DeadLetter | undefined> {
  for await (const dead of queue.browse({ signal: never, from: number }))
    return dead.message.sequenceNumber === number ? dead : undefined;
  return undefined;
}

function look(): DeadLetterLinesOptions {
  return { width: process.stdout.columns || usualColumns, paint: paintFor(true, process.env) };
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
