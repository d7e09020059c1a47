import type { Place } from './problems.ts';
import type { Keys, ValuesOf } from './schema.ts';

/** What a block says. Where a value was wrong or is not known, its type's blank stands in and `isSound` is false. */
export interface Reading<K extends Keys> {
  readonly place: Place;
  readonly values: ValuesOf<K>;
  /** The file gives the key. */
  isGiven(key: keyof K & string): boolean;
  /** The value is what the file says, or the default. */
  isSound(...keys: readonly (keyof K & string)[]): boolean;
  /** Where the key stands, or would stand. */
  placeOf(key: keyof K & string): Place;
}
