/** The position of a change among the changes of its partition, and which of two is newer. */
import type { PropertyValue } from './topic.ts';

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

/** How far a session or a checkpoint is: newer is decided by (generation, position). */
export interface Progress {
  readonly generation: number;
  readonly position: Position;
}

/** True when `a` is newer than `b`; anything is newer than nothing. */
export function isNewer(a: Progress, b: Progress | undefined): boolean {
  if (b === undefined) return true;
  return a.generation === b.generation ? a.position > b.position : a.generation > b.generation;
}

type Properties = Readonly<Record<string, PropertyValue>>;

/** The last change of a message, from its properties. Undefined when they do not have it. */
export function lastChangeOf({ generation, lastPosition }: Properties): Progress | undefined {
  return progressFrom(generation, lastPosition);
}

/**
 * The property `follows` of a message, `<generation>/<position>`: the last change that its owner knows to be accepted
 * before it in its session (docs/guarantees.md, rule 11). A property, not part of a change: readers of changes have no use for it.
 */
export function followsText({ generation, position }: Progress): string {
  return `${generation}/${position}`;
}

/** The reverse of `followsText`. Undefined for a message without the property, or with one that cannot be read. */
export function followsOf({ follows }: Properties): Progress | undefined {
  const [, generation, position] =
    typeof follows === 'string' ? (/^(\d{1,16})\/(.+)$/s.exec(follows) ?? []) : [];
  return progressFrom(Number(generation), position);
}

function progressFrom(generation: unknown, position: unknown): Progress | undefined {
  if (!Number.isSafeInteger(generation) || typeof position !== 'string') return undefined;
  return { generation: generation as number, position: position as Position };
}
