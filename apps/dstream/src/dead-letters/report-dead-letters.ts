/** What the commands print about dead letters besides their tables: outcomes, and numbers that are not there. */
import { visibleText } from '@dstream/terminal';
import type { DeadLetterSummary } from './dead-letter-document.ts';
import type { DeadLetterOutcome } from './settle-dead-letters.ts';

/** Standard output is a terminal, and nobody asked for JSON. */
export function isForPeople(json: boolean): boolean {
  return process.stdout.isTTY && !json;
}

/** One line of JSON, with its end. */
export function jsonLine(document: object): string {
  return `${visibleText(JSON.stringify(document))}\n`;
}

/** Says on standard error that no dead letter has the number, or none that the filter lets through. */
export function reportMissing(number: string): void {
  process.stderr.write(`dstream: there is no dead letter ${number}\n`);
}

/** An outcome as a line with its end. For people only what is left and why, and else nothing: empty. */
export function outcomeText(outcome: DeadLetterOutcome, forPeople: boolean): string {
  if (!forPeople) return jsonLine(outcome);
  return isDone(outcome) ? '' : `${visibleText(sentenceOf(outcome))}\n`;
}

/** The dead letter is settled as was asked. */
export function isDone({ outcome }: DeadLetterOutcome): boolean {
  return outcome === 'replayed' || outcome === 'discarded';
}

function sentenceOf({ sequenceNumber, outcome, error = '' }: DeadLetterOutcome): string {
  const of = `dead letter ${sequenceNumber}`;
  if (outcome === 'refused') return `${of} cannot be replayed: ${error}`;
  if (outcome === 'kept') return `${of} was replayed and could not be removed: ${error}`;
  return `${of} was skipped: it is locked elsewhere, or gone; if dstream dead-letters list still shows it, try again in some minutes`;
}

/** `2 dead letters (7 changes)`. */
export function summed(letters: readonly DeadLetterSummary[]): string {
  const changes = letters.reduce((sum, letter) => sum + letter.changes, 0);
  return `${counted(letters.length, 'dead letter')} (${counted(changes, 'change')})`;
}

/** `1 change`, `2 changes`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
