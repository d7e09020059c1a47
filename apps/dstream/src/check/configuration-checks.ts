/** The checks of the file itself: what a service would refuse at its start, and what a person should know about it. */
import type { Configuration, UnreadyPart } from '@dstream/config';
import type { CheckResult } from '@dstream/core';
import type { CheckedPart } from '@dstream/runtime/service-context';

/** The block of a service that is checked. */
export type CheckedService = 'ingester' | 'processor';

/** @param wanted the blocks that are checked */
export function configurationChecks(
  { file, notes, unready }: Configuration,
  wanted: readonly CheckedService[],
): CheckedPart {
  const refused = unready.filter(({ path }) => wanted.some((name) => isWithin(path, name)));
  const others = notes.filter((note) => !unready.some((one) => one.note === note));
  const results = [...validity(file, refused), ...others.map(noted)];
  return {
    path: 'configuration',
    type: '',
    async *checks() {
      yield* results;
    },
  };
}

function isWithin(path: string, block: string): boolean {
  return path === block || path.startsWith(`${block}.`) || path.startsWith(`${block}[`);
}

function validity(file: string, refused: readonly UnreadyPart[]): readonly CheckResult[] {
  if (refused.length > 0) return refused.map(unset);
  return [{ outcome: 'passed', check: 'configuration.valid', message: `${file} is valid` }];
}

/** A variable, or a type that is not built yet; the text has its own advice after a semicolon. */
function unset({ note }: UnreadyPart): CheckResult {
  const [message = note, advice] = note.split(/;\s+/, 2);
  const [, variable] = /the variable (\S+) is /.exec(message) ?? [];
  const text =
    variable === undefined
      ? (advice ?? 'use another type')
      : `set the variable ${variable} in the environment`;
  return { outcome: 'failed', check: 'configuration.ready', message, remedy: { kind: 'advice', text } };
}

function noted(note: string): CheckResult {
  const [message = note, ...advice] = note.split(/;\s+/);
  const text = advice.join('; ') || 'change the file if this is not meant';
  return { outcome: 'warned', check: 'configuration.note', message, remedy: { kind: 'advice', text } };
}
