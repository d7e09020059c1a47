/** What `dstream check` is told by the adapters: one result for each thing that was looked at. */

/** What one look at a dependency found. Holds no secret. */
export type CheckResult = PassedCheck | FailedCheck;

/** What every result has. */
interface Checked {
  /** What was looked at: a dotted name in kebab-case that never changes, without variables: `sqlserver.cdc-enabled`. */
  readonly check: string;
  /** Which one, where there may be several: a table, a topic, an address. */
  readonly subject?: string;
  /** What is the case, in one sentence, with the figures that were found. */
  readonly message: string;
}

/** All is as it has to be. */
export interface PassedCheck extends Checked {
  readonly outcome: 'passed';
}

/** `failed`: a service would not work. `warned`: it would, and a person should know; also what could not be found out. */
export interface FailedCheck extends Checked {
  readonly outcome: 'warned' | 'failed';
  readonly remedy: Remedy;
}

/** What fixes it. */
export type Remedy =
  /** T-SQL that may be run twice: printed by `--fix-sql`. */
  | { readonly kind: 'sql'; readonly text: string }
  /** A command of a shell, with the real names and without secrets. */
  | { readonly kind: 'command'; readonly text: string }
  /** What a person has to do, in a sentence. */
  | { readonly kind: 'advice'; readonly text: string };

/**
 * Results in order of dependence, as they are found: reach, sign in, exists, settings, rights. They end after a failure
 * without which the rest cannot be known. Nothing is changed; what has to be written in order to know is written under a
 * name of its own, `dstream-check-…`, and removed, also after an abort. A throw is something unforeseen.
 */
export type Checks = AsyncIterable<CheckResult>;

/** A name as one word of a POSIX shell, for a remedy that is a command. */
export function shellWord(name: string): string {
  return /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
