/** What `dstream check` prints when it is piped: a line of JSON for each result. Stable: names and values stay. */
import type { CheckResult, Remedy } from '@dstream/core';
import type { PartReport } from './run-part.ts';

/** One result. */
export interface CheckDocument {
  /** The block of the file: `ingester.source`, `processor.output.NAME`, `configuration`, `process`, `service`. */
  readonly part: string;
  /** What was looked at (docs/operations.md lists them). */
  readonly check: string;
  readonly outcome: CheckResult['outcome'];
  /** Which table, address, … Null where there is only one. */
  readonly subject: string | null;
  readonly message: string;
  /** What to run or to do. Null when it has passed. */
  readonly remedy: Remedy | null;
}

/** In the order in which they were found. */
export function checkDocuments({ path, results }: PartReport): readonly CheckDocument[] {
  return results.map((result) => ({
    part: path,
    check: result.check,
    outcome: result.outcome,
    subject: result.subject ?? null,
    message: result.message,
    remedy: result.outcome === 'passed' ? null : result.remedy,
  }));
}

/** How many of each outcome. */
export type Outcomes = Readonly<Record<CheckResult['outcome'], number>>;

/** Over all parts. */
export function outcomesOf(reports: readonly PartReport[]): Outcomes {
  const results = reports.flatMap((report) => report.results);
  const count = (wanted: CheckResult['outcome']) =>
    results.filter(({ outcome }) => outcome === wanted).length;
  return { passed: count('passed'), warned: count('warned'), failed: count('failed') };
}
