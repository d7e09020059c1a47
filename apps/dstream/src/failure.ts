import { asDStreamError, DStreamError } from '@dstream/core';
import { visibleLines } from '@dstream/terminal';

const usageCodes: ReadonlySet<string> = new Set(['ConfigInvalid', 'NotBuilt']);

/** 2 for wrong configuration or usage, 1 for everything else. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return usageCodes.has(asDStreamError(error).code) ? 2 : 1;
}

/**
 * One clear message on standard error. Only what nobody foresaw shows where it came from. A wrong configuration has
 * `file:line:` at the start of every line, where editors look for it.
 */
export function sayFailure(error: unknown): void {
  const isUsage = exitCodeOf(error) === 2;
  const text =
    error instanceof DStreamError || !(error instanceof Error) ? asDStreamError(error).message : error.stack;
  process.stderr.write(`${isUsage ? '' : 'dstream: '}${visibleLines(text ?? '')}
`);
}
