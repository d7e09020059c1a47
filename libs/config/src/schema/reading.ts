import type { Place } from '../text/hcl-document.ts';
import type { BlockSchema, Keys, ValuesOf } from './schema.ts';

/** What a block says. Where a value was wrong or is not known, its type's blank stands in and `isSound` is false. */
export interface Reading<K extends Keys = Keys> {
  readonly place: Place;
  readonly values: ValuesOf<K>;
  /** The file gives the key. */
  isGiven(key: keyof K & string): boolean;
  /** The value is what the file says, or the default. */
  isSound(...keys: readonly (keyof K & string)[]): boolean;
  /** Where the key is, or would be. */
  placeOf(key: keyof K & string): Place;
  /** The block inside that has this schema. Where the file has none, its keys have their defaults or blanks. */
  block<B extends Keys>(schema: BlockSchema<B>): Reading<B>;
  /** All blocks inside that have this schema, in the order of the file. */
  blocks<B extends Keys>(schema: BlockSchema<B>): readonly Reading<B>[];
}
