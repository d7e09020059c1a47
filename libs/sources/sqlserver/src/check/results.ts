/** Results of the checks of SQL Server, and how their messages name things. */
import type { CheckResult, Remedy } from '@dstream/core';

export const passed = (check: string, message: string): CheckResult => ({
  outcome: 'passed',
  check: `sqlserver.${check}`,
  message,
});

/** @param remedy a text is advice */
export const failed = (check: string, message: string, remedy: Remedy | string): CheckResult =>
  fault('failed', check, message, remedy);

export const warned = (check: string, message: string, remedy: Remedy | string): CheckResult =>
  fault('warned', check, message, remedy);

function fault(
  outcome: 'failed' | 'warned',
  check: string,
  message: string,
  remedy: Remedy | string,
): CheckResult {
  const what: Remedy = typeof remedy === 'string' ? { kind: 'advice', text: remedy } : remedy;
  return { outcome, check: `sqlserver.${check}`, message, remedy: what };
}

/** The same result, of one thing among several. */
export function about(subject: string, result: CheckResult): CheckResult {
  return { ...result, subject };
}

/** `1 table`, `2 tables`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** The largest unit that it has two of, or that divides it: `3 days`, `36 hours`, `90 seconds`. */
export function shownSeconds(seconds: number): string {
  const [unit, size] = units.find(([, s]) => seconds >= 2 * s || (seconds > 0 && seconds % s === 0)) ?? [
    'second',
    1,
  ];
  return counted(Math.floor(seconds / size), unit);
}
