import { childPath, type BlockNode, type Place } from '../text/hcl-document.ts';
import { Problems } from './problems.ts';
import type { BlockSchema } from './schema.ts';
import type { Environment } from './templates.ts';

/**
 * What the command wants of a block. `use`: its variables must be set and what it asks for must be built. `skip`:
 * neither, another process uses it. `validate`: both are only noted.
 */
export type Demand = 'use' | 'skip' | 'validate';

/** What reading one file shares. */
export interface Context {
  readonly file: string;
  readonly problems: Problems;
  /** Variables that are not set in a block that is only validated: who opens it all the same throws them. */
  readonly unset: Problems;
  readonly env: Environment;
  readonly demand: Demand;
  /** The whole schema, to know where a misplaced key belongs. */
  readonly root: BlockSchema;
  /** Collects every secret text that is read. */
  readonly secrets: Set<string>;
  /** Collects the places of keys and blocks, by canonical path. */
  readonly places: Map<string, Place>;
}

/** To read without reporting: what was reported already, or will be. */
export function silent(context: Context): Context {
  const nowhere = new Problems(context.file);
  return { ...context, demand: 'skip', problems: nowhere, unset: nowhere };
}

/** Says that something is not built, as severely as the command needs it. */
export function reportNotBuilt(context: Context, at: Place, text: string): void {
  if (context.demand === 'use') context.problems.addNotBuilt(at, text);
  if (context.demand === 'validate') context.problems.addUnready(at, text);
}

/** The path that programs use: `publisher` is the older name of `processor`. */
export function canonicalPath(path: string): string {
  return path.replace(/^publisher(?=\.|$)/, 'processor');
}

/** Remembers where a key or block is, for `Configuration.where`. The first one of a path counts. */
export function register(context: Context, at: Place): void {
  const path = canonicalPath(at.path);
  if (!context.places.has(path)) context.places.set(path, at);
}

/** Where a key, or a block, is known. */
export interface Home {
  /** Of a block in the schema: without labels. Empty: the file itself. */
  readonly path: string;
  /** For people. */
  readonly name: string;
}

const topLevel: Home = { path: '', name: 'the top level of the file' };

/**
 * The blocks that know a key, or a block, of this name: where a misplaced one belongs. A block of several types is named
 * without them where all of them know it.
 */
export function homesOf(
  kind: 'key' | 'block',
  name: string,
  schema: BlockSchema,
  path = '',
): readonly Home[] {
  const children = schema.blocks.map((child) => child.schema);
  const below = [...Map.groupBy(children, ({ type }) => type)].flatMap(([type, variants]) =>
    homesAmong(kind, name, variants, childPath(path, type)),
  );
  return path === '' && knows(schema, kind, name) ? [topLevel, ...below] : below;
}

function homesAmong(
  kind: 'key' | 'block',
  name: string,
  variants: readonly BlockSchema[],
  path: string,
): readonly Home[] {
  const named = variants.filter(({ alias }) => alias !== true);
  const knowing = named.filter((variant) => knows(variant, kind, name));
  const all = variants.every((variant) => knows(variant, kind, name));
  const names = new Set(knowing.map(({ variant }) => (all ? path : `${path} of type "${variant}"`)));
  const homes = Array.from(names, (home) => ({ path, name: home }));
  return [...homes, ...named.flatMap((variant) => homesOf(kind, name, variant, path))];
}

/**
 * Another type of the same block is meant rather than another block that has a key of that name, too.
 * @param elsewhere whether another block may be meant at all
 */
export function nearestHomes(
  homes: readonly Home[],
  block: BlockNode,
  elsewhere: boolean,
): readonly string[] {
  const same = homes.filter(({ path }) => isPathOf(path, block));
  return [...new Set((same.length > 0 || !elsewhere ? same : homes).map(({ name }) => name))];
}

/** In a file a block may have a label or a number: `processor.output.orders`, `overrides[1]`. */
function isPathOf(schemaPath: string, { type, path }: BlockNode): boolean {
  const types = schemaPath.split('.');
  const label = String.raw`(?:\.[\w-]+|\[\d+\])?`;
  const pattern = types.map((one) => one + label).join(String.raw`\.`);
  return types.at(-1) === type && new RegExp(`^${pattern}$`).test(canonicalPath(path));
}

function knows(schema: BlockSchema, kind: 'key' | 'block', name: string): boolean {
  return kind === 'key'
    ? Object.hasOwn(schema.keys, name)
    : schema.blocks.some((b) => b.schema.type === name);
}
