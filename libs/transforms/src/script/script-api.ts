/**
 * What a script gets, for its authors: an editor checks a function that has the JSDoc type `OnChange` or `OnBatch` of this file
 * (README.md shows how).
 */

/**
 * A value as JSON holds it. Numbers that JavaScript would damage are texts: bigint, decimal, money. Lists and objects come of the
 * transform `parse_json`.
 */
export type ColumnValue =
  string | number | boolean | null | readonly ColumnValue[] | { readonly [name: string]: ColumnValue };

/** Values by the names of their columns. */
export type Columns = Record<string, ColumnValue>;

/** A change. `data` and `before` may be changed or replaced; columns set to undefined are removed. */
export interface Change {
  data: Columns;
  /** Updates only. */
  before?: Columns | null;
  /** Cannot be changed; a copy with another `operation`, `changed` or `unavailable` can be returned. Left out: as it was. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What a script makes of a change: one, several, or null to drop it. */
export type MadeOfChange = Change | readonly Change[] | null;

/** Where a change goes instead of the outputs of its routes. */
export interface RouteOptions {
  /** A queue, hub or file of the output; by default its own. */
  readonly destination?: string;
}

/** Writes a line to the log of the processor. Parts that are no texts are written as JSON. */
export type ScriptLogger = (...parts: readonly unknown[]) => void;

/** What a script may use besides the language. NULL stays NULL in all of it. */
export interface ScriptContext {
  /** SHA-256 of salt and value as 64 hex digits: what the transform `columns` makes with this `hash_salt`. */
  readonly hash: (value: unknown, salt?: unknown) => string | null | undefined;
  /** A UUID (version 5): the same for the same seed. */
  readonly uuid: (seed: unknown) => string;
  /** At level debug, or the level that is named. */
  readonly log: ScriptLogger & { readonly debug: ScriptLogger; readonly info: ScriptLogger };
  /** `diana@example.org` → `d***@example.org`; what is no address → `***`. */
  readonly maskEmail: (value: unknown) => string | null | undefined;
  /** `+49 170 1234567` → `+** *** *****67`. @param visible digits that stay at the end; 2 by default */
  readonly maskPhone: (value: unknown, visible?: number) => string | null | undefined;
  /** `1980-05-17` → `1980-01-01`; with `'month'` → `1980-05-01`; what is no date → `***`. */
  readonly maskDate: (value: unknown, keep?: 'year' | 'month') => string | null | undefined;
  /**
   * Sends a change that is returned to this output. Without `change`: all that is returned; not in `batch`. Called again, it adds
   * an output.
   */
  readonly route: ((output: string, options?: RouteOptions) => void) &
    ((change: Change, output: string, options?: RouteOptions) => void);
}

/** `export default`. */
export type OnChange = (change: Change, context: ScriptContext) => MadeOfChange;

/** `export function batch`: returns a list as long as `changes`. */
export type OnBatch = (changes: readonly Change[], context: ScriptContext) => readonly MadeOfChange[];
