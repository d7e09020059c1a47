/** The checks of the file itself: what a service would refuse at its start, and what a person should know about it. */
import { resolve } from 'node:path';
import type { Configuration, OutputConfig, UnreadyPart } from '@dstream/config';
import type { CheckResult } from '@dstream/core';
import { sha256Hex, type CheckedPart } from '@dstream/runtime/service-context';

/** The block of a service that is checked. */
export type CheckedService = 'ingester' | 'processor';

/** @param wanted the blocks that are checked */
export function configurationChecks(
  { file, notes, unready, processor }: Configuration,
  wanted: readonly CheckedService[],
): CheckedPart {
  const refused = unready.filter(({ path }) => wanted.some((name) => isWithin(path, name)));
  const others = notes.filter((note) => !unready.some((one) => one.note === note));
  const files = wanted.includes('processor') ? sharedFiles(processor?.outputs ?? []) : [];
  const results = [...validity(file, refused), ...others.map(noted), ...files];
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

/** Stands for any: outputs that share the file of one table share those of all. */
const anyTable = { server: 'server', database: 'database', schema: 'schema', table: 'table' };

/** One process may write to a path only once: the second of two outputs would not start. */
function sharedFiles(outputs: readonly OutputConfig[]): readonly CheckResult[] {
  const files = outputs.filter(({ type }) => type === 'file');
  const byPath = Map.groupBy(files, (file) => resolve(file.destinationNames?.(sha256Hex)(anyTable) ?? ''));
  return [...byPath].filter(([, sharing]) => sharing.length > 1).map(shared);
}

function shared([path, sharing]: readonly [string, readonly OutputConfig[]]): CheckResult {
  const names = sharing.map(({ name }) => name).join(' and ');
  return {
    outcome: 'failed',
    check: 'configuration.file-paths',
    subject: path,
    message: `the outputs ${names} write to the same file, ${path}`,
    remedy: { kind: 'advice', text: 'give each output a path of its own' },
  };
}
