import { asDStreamError } from '@dstream/core';
import { visibleLines } from '@dstream/terminal';

const usageCodes: ReadonlySet<string> = new Set(['ConfigInvalid', 'NotBuilt']);

/** 2 for wrong configuration or usage, 1 for everything else. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return usageCodes.has(asDStreamError(error).code) ? 2 : 1;
}

/**
 * One clear message on standard error, never a stack: what nobody foresaw says so. A wrong configuration has
 * `file:line:` at the start of every line, where editors look for it.
 */
export function sayFailure(error: unknown): void {
  const isUsage = exitCodeOf(error) === 2;
  const { code, message } = asDStreamError(error);
  const text = code === 'Unexpected' ? `unexpected error: ${message}` : message;
  process.stderr.write(`${isUsage ? '' : 'dstream: '}${visibleLines(text)}\n`);
}
