/**
 * The functions and values that an expression sees: the standard ones of CEL, where a text that is no number is an error. The
 * library's own conversions take `""` for 0 and `"abc"` for NaN, and every comparison with NaN is false: a change would vanish.
 */
import {
  celEnv,
  celFunc,
  celList,
  celMap,
  CelScalar,
  celUint,
  type CelEnv,
  type CelInput,
} from '@bufbuild/cel';
import type { StampedEvent } from '@dstream/core';

const { DOUBLE, INT, STRING, UINT } = CelScalar;

/** What an expression is evaluated in. */
export const environment: CelEnv = celEnv({
  funcs: [
    celFunc('double', [STRING], DOUBLE, (text) =>
      Number(checked(text, /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i)),
    ),
    celFunc('int', [STRING], INT, (text) =>
      BigInt.asIntN(64, wholeNumber(text, -(2n ** 63n), 2n ** 63n - 1n)),
    ),
    celFunc('uint', [STRING], UINT, (text) => celUint(wholeNumber(text, 0n, 2n ** 64n - 1n))),
  ],
});

function checked(text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  throw new Error('not a number');
}

function wholeNumber(text: string, min: bigint, max: bigint): bigint {
  const number = BigInt(checked(text, /^-?0*\d{1,20}$/));
  if (number >= min && number <= max) return number;
  throw new Error('out of range');
}

/** Elements of lists and columns that one evaluation may visit: a list inside of a macro over a list is visited for each element. */
const maxVisits = 100_000;

/** Of the evaluation that runs; it never waits. */
let visits = 0;

function visit(count: number): void {
  visits += count;
  if (visits > maxVisits) throw new Error(`more than ${maxVisits} elements would be visited`);
}

/** The names of the variables. */
export const variableNames = ['data', 'before', 'metadata'] as const;

/** By name. */
export type Variables = Readonly<Record<(typeof variableNames)[number], CelInput>>;

/** What an expression sees of a change; `before` is null where there is none. Each variable is made when it is asked for. */
export function variablesOf(event: StampedEvent): Variables {
  visits = 0;
  return new EventVariables(event);
}

/** A class, because getters of an object literal are defined anew for each change. */
class EventVariables implements Variables {
  readonly #event: StampedEvent;

  constructor(event: StampedEvent) {
    this.#event = event;
  }

  get data(): CelInput {
    return viewOf(this.#event.data);
  }

  get before(): CelInput {
    return viewOf(this.#event.before);
  }

  get metadata(): CelInput {
    return viewOf(this.#event.metadata);
  }
}

/** JSON as CEL has it. */
function viewOf(value: unknown): CelInput {
  if (Array.isArray(value)) {
    visit(value.length);
    return celList(value.map(viewOf));
  }
  if (typeof value === 'object' && value !== null) return celMap(new ObjectView(value));
  return (value ?? null) as CelInput;
}

/**
 * An object as a map, without copying it: an expression looks at few columns. The library's own would copy, and refuse an
 * object that has a field `constructor`.
 */
class ObjectView implements ReadonlyMap<string, CelInput> {
  readonly #object: Readonly<Record<string, unknown>>;

  constructor(object: object) {
    this.#object = object as Readonly<Record<string, unknown>>;
  }

  get(name: string): CelInput | undefined {
    return this.has(name) ? viewOf(this.#object[name]) : undefined;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  get size(): number {
    return Object.keys(this.#object).length;
  }

  keys() {
    return this.#copy().keys();
  }

  values() {
    return this.#copy().values();
  }

  entries() {
    return this.#copy().entries();
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  forEach(callback: (value: CelInput, name: string, map: ReadonlyMap<string, CelInput>) => void): void {
    for (const [name, value] of this.#copy()) callback(value, name, this);
  }

  #copy(): Map<string, CelInput> {
    const columns = Object.entries(this.#object);
    visit(columns.length);
    return new Map(columns.map(([name, value]) => [name, viewOf(value)]));
  }
}
