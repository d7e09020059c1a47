/** Checks what code that is not ours made of a change: a script, a service. */
import {
  DStreamError,
  madeEnvelopeProblem,
  withoutNullBefore,
  type StampedEvent,
  type Transformed,
} from '@dstream/core';

const changeable: ReadonlySet<string> = new Set(['data', 'before', 'metadata']);
/** What of the metadata is about the values. All else says which change it is. */
const changeableMetadata: ReadonlySet<string> = new Set(['operation', 'changed', 'unavailable']);

/** Of one change. A short answer can hold very many, and what each becomes is kept in memory. */
const maxMade = 1_000;

/**
 * What `value`, made of `input`, means: null or undefined drops the change, an envelope replaces it, an array holds several. Every
 * envelope is checked as one from the topic is, except that columns may hold lists and objects; beyond `data`, `before` and of the
 * metadata `operation`, `changed` and `unavailable` it must equal the input. One that equals the input throughout becomes the same object.
 *
 * @param value what `JSON.parse` gives: plain objects and arrays
 * @returns TransformFailed, which names the first thing that is wrong and repeats no values
 */
export function madeEvents(input: StampedEvent, value: unknown): Transformed {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) return madeOf(input, [value], () => 'the returned change');
  if (value.length > maxMade)
    return new DStreamError(
      'TransformFailed',
      `${value.length} changes were made of one; at most ${maxMade} are allowed`,
    );
  return madeOf(input, value, (n) => `the returned change ${n} of ${value.length}`);
}

function madeOf(input: StampedEvent, made: readonly unknown[], nameOf: (n: number) => string): Transformed {
  const problems = made.map((event) => problemOf(input, event));
  const wrong = problems.findIndex((problem) => problem !== undefined);
  if (wrong >= 0) return new DStreamError('TransformFailed', `${nameOf(wrong + 1)} ${problems[wrong]}`);
  return (made as readonly StampedEvent[]).map((event) =>
    isSame(event, input) ? input : withoutNullBefore(event),
  );
}

/** As it reads after the name of the change. */
function problemOf(input: StampedEvent, made: unknown): string | undefined {
  const problem = madeEnvelopeProblem(made);
  if (problem !== undefined) return problem;
  const event = made as StampedEvent;
  const field = differing(input.metadata, event.metadata, changeableMetadata);
  if (field !== undefined)
    return `has another metadata.${field} than the change it is made of; leave it as it is`;
  const other = differing(input, event, changeable);
  if (other !== undefined)
    return `has another field ${other} than the change it is made of; put what you add into data`;
  if (event.metadata.operation === 'gap') return 'has the operation gap, which only a source reports';
  if (event.data === null) return 'has no data; to drop a change, return null in its place';
  return undefined;
}

/** The first field in which the two differ, shortened. */
function differing(a: object, b: object, except: ReadonlySet<string>): string | undefined {
  const differs = (field: string) => !except.has(field) && !isSame(valueIn(a, field), valueIn(b, field));
  return (Object.keys(a).find(differs) ?? Object.keys(b).find(differs))?.slice(0, 64);
}

/** Whether two values of JSON are equal; the order of fields does not count. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const fields = Object.keys(a);
  if (fields.length !== Object.keys(b).length) return false;
  return fields.every((field) => Object.hasOwn(b, field) && isSame(valueIn(a, field), valueIn(b, field)));
}

function valueIn(object: object, field: string): unknown {
  return Object.hasOwn(object, field) ? (object as Readonly<Record<string, unknown>>)[field] : undefined;
}
