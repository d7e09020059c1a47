/** How the rows of a FROM are read. */
import type { Frame } from './run.ts';

/** Puts row after row into the frame's slots; what it yields has no meaning. */
export type Step = (frame: Frame) => Iterable<unknown>;

export interface FromPlan {
  readonly step: Step;
  /** Set when the rows come ordered by these columns of one table. */
  readonly order?: { readonly slot: number; readonly columns: readonly string[] };
}
