/** What happens to changes between the topic and the outputs. */
import type { StampedEvent } from './change-event.ts';
import type { CallOptions } from './context.ts';
import { maxIdLength } from './envelope.ts';
import type { DStreamError } from './errors.ts';
import { shorten, type Hash } from './table-id.ts';

/**
 * Turns changes into changes: one per configured `transform` block. Called by several sessions side by side; the events of one
 * call belong to one session and are in order. Events are immutable, and so is what they hold.
 */
export interface Transform extends AsyncDisposable {
  /**
   * Resolves with a list as long as its input: element i is what became of event i. Rejects when no element is known: with
   * `retry` for what may work later (it is called again with the same events), with `dead-letter` when one of the events causes
   * it (the caller bisects).
   */
  apply(events: readonly StampedEvent[], call: TransformCall): Promise<readonly Transformed[]>;
}

/**
 * What became of one event: the same object where nothing changed (its line is then delivered byte for byte), new ones in
 * order, none where it is dropped on purpose, or why it failed. What is made of an event keeps its `metadata.id` and
 * position: the caller numbers several of one (docs/guarantees.md, rule 10).
 */
export type Transformed = readonly StampedEvent[] | DStreamError;

/** Options of one call of a transform. */
export interface TransformCall extends CallOptions {
  /**
   * Sends `event`, which this call returns, to `to.output` instead of to the outputs of its routes. Called again for the
   * same event it adds an output.
   */
  route(event: StampedEvent, to: RouteOverride): void;
}

/** Where a transform sends a change. */
export interface RouteOverride {
  /** The name of a configured output. */
  readonly output: string;
  /** The queue, hub or file there; where it is not given, the output's own. */
  readonly destination?: string;
}

/** The id of the `part`-th change, from 1, of several that a transform made of the change `id` (docs/guarantees.md, rule 10). */
export function partId(id: string, part: number, hash: Hash): string {
  return shorten(`${id}.${part}`, maxIdLength, hash);
}
