/**
 * A place in the changes of one partition. Made by its source only; positions of one partition compare as plain strings.
 * One never points inside a logical change.
 */
export type Position = string & { readonly __brand: 'Position' };

/** Where a source continues. The token is the source's own: read mode, continuation key, incarnation. */
export interface ResumePoint {
  readonly position: Position;
  readonly token: string;
}

/** What a session has settled, and what a checkpoint stands for: newer is decided by (generation, position). */
export interface Progress {
  readonly generation: number;
  readonly position: Position;
}

/** True when `a` is newer than `b`; anything is newer than nothing. */
export function isNewer(a: Progress, b: Progress | undefined): boolean {
  if (b === undefined) return true;
  return a.generation === b.generation ? a.position > b.position : a.generation > b.generation;
}
