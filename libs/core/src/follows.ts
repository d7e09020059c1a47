/**
 * What a message follows (DESIGN 5, rule 11): the last change that its owner knows to be accepted before it in its session.
 * It is of the message, not of a change, and readers of changes have no use for it: so it is a property of the message,
 * `follows`, as the text `<generation>/<position>`.
 */
import type { Position, Progress } from './position.ts';
import type { PropertyValue } from './topic.ts';

type Properties = Readonly<Record<string, PropertyValue>>;

export function followsText({ generation, position }: Progress): string {
  return `${generation}/${position}`;
}

/** Undefined for a message that does not say, or says nothing that can be understood. */
export function followsOf({ follows }: Properties): Progress | undefined {
  const [, generation, position] =
    typeof follows === 'string' ? (/^(\d{1,16})\/(.+)$/s.exec(follows) ?? []) : [];
  return progressOf(Number(generation), position);
}

/** The last change of a message, as its properties say. */
export function lastChangeOf({ generation, lastPosition }: Properties): Progress | undefined {
  return progressOf(generation, lastPosition);
}

function progressOf(generation: unknown, position: unknown): Progress | undefined {
  if (!Number.isSafeInteger(generation) || typeof position !== 'string') return undefined;
  return { generation: generation as number, position: position as Position };
}
