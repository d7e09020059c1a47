/** What `dstream transform test` prints for one line of its input, as JSON. Stable: fields are added, none changes its meaning. */
import type { StampedEvent } from '@dstream/core';
import type { TrialChange, TrialFailure, TrialRecipient, TriedChange } from '@dstream/processor/trial';

/** The JSON of one line of the input. */
export interface TestedLineDocument {
  readonly line: number;
  /** Null where the line could not be read. */
  readonly before: StampedEvent | null;
  /** What outputs would get. Empty where the change was dropped or failed. */
  readonly after: readonly StampedEvent[];
  /**
   * The outputs of each element of `after`; none where a route drops it. Null with `--transform` where the transform has
   * not chosen: the routes would.
   */
  readonly routes: readonly (readonly TrialRecipient[] | null)[];
  /** Empty where nothing failed. `outcome` is what a processor does about it. */
  readonly failures: readonly TrialFailure[];
}

/** A line of the input, and what became of it. */
export interface TestedLine extends Omit<TriedChange, 'source'> {
  readonly line: number;
  /** Undefined where it could not be read. */
  readonly source: TrialChange | undefined;
}

/** Changes are written as outputs would get them, byte for byte. */
export function testedLineText({ line, source, made, failures }: TestedLine): string {
  const before = source?.text ?? 'null';
  const after = made.map(({ text }) => text).join();
  const routes = JSON.stringify(made.map(({ route }) => route));
  return `{"line":${line},"before":${before},"after":[${after}],"routes":${routes},"failures":${JSON.stringify(failures)}}`;
}
