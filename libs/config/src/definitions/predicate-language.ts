import type { StampedEvent } from '@dstream/core';

/** Judges one change. Throws TransformFailed when the expression cannot be evaluated for it. */
export type Predicate = (event: StampedEvent) => boolean;

/** The language of conditions on changes, such as `route { when }`. The app hands it over; its library is loaded when it is used. */
export interface PredicateLanguage {
  /** For people: `CEL expression`. */
  readonly what: string;
  /** What is wrong with the text, and where in it; undefined for nothing. */
  check(text: string): Promise<string | undefined>;
  /** Rejects with ConfigInvalid for a text that `check` refuses. */
  open(text: string): Promise<Predicate>;
}
