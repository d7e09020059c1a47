/** The words of the schema: what a value is, and how it is read. */
import type { Json } from '../text/hcl-document.ts';

/** A value of the file after its templates were filled in. */
export interface Given {
  readonly value: Json;
  /** How an error may speak of it: the literal text, or `the value of DSTREAM_X`, or `the value` of a secret. */
  readonly shown: string;
  /** Came out of a variable, at least in part: then a number or a boolean is written as text. */
  readonly fromVariable: boolean;
  /** Of a list. */
  readonly items: readonly Given[];
  /** Of an object, by key. */
  readonly entries?: ReadonlyMap<string, Given>;
}

/** One thing that is wrong with a value. */
export interface Fault {
  readonly wrong: string;
  /** What to write instead; absent where `wrong` already says it. */
  readonly right?: string;
  /** Of a list: the index of the item at fault. */
  readonly item?: number;
}

/** Either a value or everything that is wrong with it. */
export type Result<T> = { readonly value: T } | { readonly faults: readonly Fault[] };

/** How a value of one type is read. `read` is pure: it gets the value, and reports nothing itself. */
export interface ValueType<T> {
  /** What is expected, for the reference page: `duration, 10ms to 24h`. */
  readonly expected: string;
  /** Stands in where a value is wrong or cannot be known, so that the rest of the file can still be checked. */
  readonly blank: T;
  read(given: Given): Result<T>;
  /** Parts of a value that must never be shown. Called for every value of the type, right or wrong. */
  secretsOf?(given: Given): readonly string[];
}

/** The result of a value that is right. */
export function sound<T>(value: T): Result<T> {
  return { value };
}

/** The result of a value that is wrong in one way. */
export function faulty<T>(wrong: string, right?: string): Result<T> {
  return { faults: [right === undefined ? { wrong } : { wrong, right }] };
}

/** That a value is none of those that are possible: `invalid value "newest"`, `the value of LEVEL is invalid`. */
export function invalid({ shown }: Given): string {
  return shown.startsWith('the ') ? `${shown} is invalid` : `invalid value ${shown}`;
}

/** A fault as an error message has it: what is wrong, then what to do. */
export function faultText({ wrong, right }: Fault): string {
  return right === undefined ? wrong : `${wrong}; ${right}`;
}

/** The text of a string, without spaces around it when a variable brought them (files of secrets end in a newline). */
export function textOf(given: Given): string | undefined {
  if (typeof given.value !== 'string') return undefined;
  return given.fromVariable ? given.value.trim() : given.value;
}
