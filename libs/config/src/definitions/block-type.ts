/** Blocks whose key `type` decides which keys and blocks they hold: one reader for all of them. */
import { DStreamError, type CallOptions, type Checks } from '@dstream/core';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { reportNotBuilt, silent, type Context } from '../schema/context.ts';
import { fillValue } from '../schema/fill-value.ts';
import { Problems } from '../schema/problems.ts';
import { readBlock } from '../schema/read-block.ts';
import {
  required,
  withDefault,
  type Reading,
  type BlockSchema,
  type ChildSchema,
  type Key,
  type Keys,
} from '../schema/schema.ts';
import { choice } from '../values/scalars.ts';

/** One type of such a block, as far as all of them are alike. */
export interface BlockType<K extends Keys = Keys> {
  /** As it is in a file: `azure_service_bus`. */
  readonly type: string;
  /** For the reference page. */
  readonly doc: string;
  /** False: the grammar knows the type, no command does. */
  readonly built: boolean;
  /** Besides those that every type of the block has. */
  readonly keys: K;
  readonly blocks: readonly ChildSchema[];
}

/** What every definition of a type has. `Taken`: keys that the configuration adds; a type must not define them. */
export interface Definition<K extends Keys, Taken extends string> {
  /** For the reference page. */
  readonly doc: string;
  readonly keys: K & Readonly<Partial<Record<Taken, never>>>;
  /** Blocks inside: made by `child`, read by `reading.block` and `reading.blocks`. */
  readonly blocks?: readonly ChildSchema[];
}

/** What a definition may have for `dstream check`. */
export interface CheckedDefinition<S extends object, A> {
  /** Looks at what the settings lead to. Loads what it needs by `import()`. Absent where there is nothing to look at. */
  readonly checks?: (settings: S, services: A, o: CallOptions) => Checks;
}

/** What an opened type has for `dstream check`. */
export interface Checkable<A> {
  /** See `CheckedDefinition.checks`. */
  readonly checks?: (services: A, o: CallOptions) => Checks;
}

/** Binds the checks of a definition, if it has any, to the settings. */
export function checkable<S extends object, A>(
  { checks }: CheckedDefinition<S, A>,
  settings: S,
): Checkable<A> {
  return checks === undefined ? {} : { checks: (services, o) => checks(settings, services, o) };
}

/** @param built whether it can be opened */
export function blockType<K extends Keys>(
  type: string,
  { doc, keys, blocks = [] }: Definition<K, never>,
  built: boolean,
): BlockType<K> {
  return { type, doc, built, keys, blocks };
}

/** A block of several types. */
export interface TypedBlock<T extends BlockType, C extends Keys = Keys> {
  /** What it is in a file: `topic`. */
  readonly block: string;
  /** The first is the default if `hasDefault`. */
  readonly types: readonly [T, ...T[]];
  readonly typeDoc: string;
  /** False: `type` has to be given. */
  readonly hasDefault: boolean;
  /** Keys of every type. */
  readonly commonKeys: C;
  /** Blocks of every type. */
  readonly commonBlocks?: readonly ChildSchema[];
}

/** A block that was read by the schema of its type. */
export interface TypedReading<T extends BlockType, C extends Keys = Keys> {
  readonly type: T;
  readonly reading: Reading<C>;
  /** Variables of the block that are not set, where it is only validated: for `onceSet`. */
  readonly unset: Problems;
}

/** What opens a block that was only validated: rejects with the variables that are not set instead of using blanks. */
export function onceSet<A extends readonly unknown[], T>(
  unset: Problems,
  open: (...given: A) => Promise<T>,
): (...given: A) => Promise<T> {
  return async (...given) => {
    unset.throwIfAny();
    return await open(...given);
  };
}

/** The same for the checks of a block, if its type has any. */
export function checksOnceSet<A>(unset: Problems, { checks }: Checkable<A>): Checkable<A> {
  if (checks === undefined) return {};
  return {
    async *checks(services, o) {
      unset.throwIfAny();
      yield* checks(services, o);
    },
  };
}

/** A schema for each type. */
export function schemasOf<T extends BlockType, C extends Keys>(
  typed: TypedBlock<T, C>,
): readonly BlockSchema[] {
  return typed.types.map((type) => schemaOf(type, typed));
}

function schemaOf<T extends BlockType, C extends Keys>(type: T, typed: TypedBlock<T, C>) {
  return {
    type: typed.block,
    variant: type.type,
    built: type.built,
    doc: type.doc,
    keys: { type: typeKey(typed), ...type.keys, ...typed.commonKeys },
    blocks: [...type.blocks, ...(typed.commonBlocks ?? [])],
  };
}

/**
 * Undefined when the type is missing or not known: which keys are right depends on it, so only it is checked then.
 * @param unset gets the variables of the block that are not set, where it is only validated
 */
export function readTypedBlock<T extends BlockType, C extends Keys>(
  typed: TypedBlock<T, C>,
  node: BlockNode,
  parent: Place,
  context: Context,
  unset = new Problems(context.file),
): TypedReading<T, C> | undefined {
  const type = typeOf(typed, node, context);
  if (type === undefined) {
    readBlock(typelessSchema(typed), node, parent, { ...context, unset });
    return undefined;
  }
  const reading = readBlock<Keys>(schemaOf(type, typed), node, parent, { ...context, unset });
  if (!type.built) reportNotBuilt(context, typePlace(node), notBuilt(type, typed));
  return { type, reading: reading as Reading<C>, unset };
}

function typeKey<T extends BlockType, C extends Keys>({
  types: [first, ...others],
  typeDoc,
  hasDefault,
}: TypedBlock<T, C>): Key<string> {
  const type = choice([first.type, ...others.map((other) => other.type)]);
  return hasDefault ? withDefault(type, first.type, typeDoc) : required(type, typeDoc);
}

function typelessSchema<T extends BlockType, C extends Keys>(typed: TypedBlock<T, C>) {
  const keys = { type: typeKey(typed) };
  return { type: typed.block, doc: '', keys, blocks: [], open: true } as const satisfies BlockSchema;
}

/** The type without reporting anything: it is read again, with its faults, by the schema it leads to. */
function typeOf<T extends BlockType, C extends Keys>(
  typed: TypedBlock<T, C>,
  node: BlockNode,
  context: Context,
): T | undefined {
  const byDefault = typed.hasDefault ? typed.types[0] : undefined;
  const attribute = node.attributes.find((a) => a.key === 'type');
  if (attribute === undefined) return byDefault;
  const key = typeKey(typed);
  const given = fillValue(attribute, key, silent(context));
  if (given === undefined) return byDefault;
  const result = key.type.read(given);
  return 'value' in result ? typed.types.find(({ type }) => type === result.value) : undefined;
}

function notBuilt<T extends BlockType, C extends Keys>({ type }: T, { block, types }: TypedBlock<T, C>) {
  const other = types.find(({ built }) => built);
  const advice = other === undefined ? 'remove it' : `use "${other.type}"`;
  return `the ${block} type "${type}" is not built yet; ${advice}`;
}

function typePlace(node: BlockNode): Place {
  return node.attributes.find((a) => a.key === 'type') ?? node;
}

/** What opens a type that has no `open`. */
export function notOpenable(what: string, type: string): () => Promise<never> {
  return () => Promise.reject(new DStreamError('NotBuilt', `the ${what} type "${type}" is not built yet`));
}
