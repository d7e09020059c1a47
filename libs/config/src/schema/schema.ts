/**
 * The schema as data: of every key its type, default, description, and whether it is secret and built, side by side.
 * From it come the parser (`read-block.ts`), the error texts and the reference page (`reference-page.ts`).
 */
import type { Json, Place } from '../text/hcl-document.ts';
import type { ValueType } from '../values/value-type.ts';

/** One key of a block: parser, error texts and reference page come from it. */
export interface Key<T> {
  readonly type: ValueType<T>;
  readonly doc: string;
  readonly presence: Presence;
  readonly secret: boolean;
  /** False: the grammar knows the key, no command does. */
  readonly built: boolean;
  /** What to do while it is not built. */
  readonly instead: string;
  /** Values that the grammar knows and no command does. */
  readonly unbuilt: readonly Json[];
  /** Whether `{{ table }}`, `{{ schema }}`, … are allowed in it. */
  readonly keepsNames: boolean;
}

/** What it means that a key is absent. */
export type Presence =
  | { readonly kind: 'required' }
  /** As it would be written in a file. */
  | { readonly kind: 'default'; readonly value: Json }
  /** What it means that the key is absent. */
  | { readonly kind: 'absent'; readonly means: string };

type Flags = Partial<Pick<Key<unknown>, 'secret' | 'built' | 'instead' | 'unbuilt' | 'keepsNames'>>;

const noFlags = { secret: false, built: true, instead: 'remove it', unbuilt: [], keepsNames: false };

/** A key that must be in the file. */
export function required<T>(type: ValueType<T>, doc: string, flags: Flags = {}): Key<T> {
  return { ...noFlags, ...flags, type, doc, presence: { kind: 'required' } };
}

/** A key with a default. @param value the default as it would be written in a file: `"5s"` */
export function withDefault<T>(type: ValueType<T>, value: Json, doc: string, flags: Flags = {}): Key<T> {
  return { ...noFlags, ...flags, type, doc, presence: { kind: 'default', value } };
}

/** @param means what its absence means: `that of the database's host` */
export function optional<T>(
  type: ValueType<T>,
  means: string,
  doc: string,
  flags: Flags = {},
): Key<T | undefined> {
  const orAbsent: ValueType<T | undefined> = { ...type, blank: undefined };
  return { ...noFlags, ...flags, type: orAbsent, doc, presence: { kind: 'absent', means } };
}

/** The keys of a block, by name, in the order of the reference page. */
export type Keys = Readonly<Record<string, Key<unknown>>>;

/** The values of the keys, by name. */
export type ValuesOf<K extends Keys> = {
  readonly [Name in keyof K]: K[Name] extends Key<infer T> ? T : never;
};

/** What a block may hold. */
export interface BlockSchema<K extends Keys = Keys> {
  readonly type: string;
  readonly doc: string;
  /** Of several schemas for one type of block, the value of its key `type` that this one is for. */
  readonly variant?: string;
  readonly keys: K;
  readonly blocks: readonly ChildSchema[];
  /** True: what it may hold is not settled yet, so nothing in it is checked but that its keys are not blocks. */
  readonly open?: boolean;
  /** False: of several schemas for one type of block, this variant is not built. */
  readonly built?: boolean;
  /** True: another form of another block. Advice about misplaced keys never points here. */
  readonly alias?: boolean;
}

/** A block inside a block: how many of them, and whether they have labels. */
export interface ChildSchema {
  readonly schema: BlockSchema;
  readonly count: 'required' | 'optional' | 'many';
  readonly label: 'none' | 'optional' | 'required';
  readonly built: boolean;
}

/** A block that occurs at most once and has no label. */
export function child(schema: BlockSchema, count: ChildSchema['count']): ChildSchema {
  return { schema, count, label: 'none', built: true };
}

/** The values of a block. Where a value is wrong or not known, it is the blank of its type, and `isSound` is false. */
export interface Reading<K extends Keys = Keys> {
  readonly place: Place;
  /** Of the block, at most one; empty where it has none, or the block is absent. */
  readonly label: string;
  readonly values: ValuesOf<K>;
  /** The file gives the key. */
  isGiven(key: keyof K & string): boolean;
  /** True when the value is the one in the file, or the default; false when it is a blank. */
  isSound(...keys: readonly (keyof K & string)[]): boolean;
  /** Where the key is, or would be. */
  placeOf(key: keyof K & string): Place;
  /** The block inside that has this schema. Where the file has none, its keys have their defaults or blanks. */
  block<B extends Keys>(schema: BlockSchema<B>): Reading<B>;
  /** All blocks inside that have this schema, in the order of the file. */
  blocks<B extends Keys>(schema: BlockSchema<B>): readonly Reading<B>[];
}
