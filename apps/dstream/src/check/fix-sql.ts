/** The T-SQL of failed checks and warnings as one script. Pure. */
import type { CheckResult, FailedCheck } from '@dstream/core';
import type { PartReport } from './run-part.ts';

/**
 * Each remedy once, in the order in which it was found, as a batch of its own. What T-SQL does not fix is a comment.
 * @param file as it is named in the head of the script
 */
export function fixScript(file: string, reports: readonly PartReport[]): string {
  const open = reports.flatMap(({ results }) => results.filter(isOpen));
  const batches = Map.groupBy(open.filter(isSql), ({ remedy }) => remedy.text.trim());
  return [
    `-- T-SQL for what \`dstream check\` found with ${oneLine(file)}. It changes the database: read it first.`,
    ...open
      .filter((result) => !isSql(result))
      .map((result) => `-- Not fixed by this script: ${aboutOf(result)}`),
    ...(batches.size === 0 ? ['-- Nothing to run.'] : []),
    ...[...batches].map(([text, results]) => batchOf(text, results)),
    '',
  ].join('\n');
}

function isOpen(result: CheckResult): result is FailedCheck {
  return result.outcome !== 'passed';
}

function isSql({ remedy }: FailedCheck): boolean {
  return remedy.kind === 'sql';
}

function aboutOf({ check, subject, message, remedy }: FailedCheck): string {
  const about = `${check}: ${subject === undefined ? '' : `${subject}: `}${message}`;
  return oneLine(remedy.kind === 'sql' ? about : `${about}; ${remedy.text}`);
}

/** `GO` ends a batch ("SQL Server Utilities Statements - GO"). */
function batchOf(text: string, results: readonly FailedCheck[]): string {
  const end = /(?:^|\n)GO$/i.test(text) ? [] : ['GO'];
  return ['', ...results.map((result) => `-- ${aboutOf(result)}`), text, ...end].join('\n');
}

/** A name of the database must not end a comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u0085\u2028\u2029]+/g, ' ');
}
