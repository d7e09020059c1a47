import { childPath } from './hcl-document.ts';
import type { OutputTypes } from './output-type.ts';
import type { Place, Problems } from './problems.ts';
import type { BlockSchema } from './schema.ts';
import type { Environment } from './templates.ts';

/**
 * What the command wants of a block. `use`: its variables must be set and what it asks for must be built. `skip`:
 * neither, another process uses it. `validate`: both are only noted.
 */
export type Demand = 'use' | 'skip' | 'validate';

/** Connects nothing. Throws ConfigInvalid, which repeats no value of the text. */
export type CheckConnectionString = (text: string) => void;

/** What reading one file shares. */
export interface Context {
  readonly problems: Problems;
  readonly env: Environment;
  readonly demand: Demand;
  /** The whole schema, to know where a misplaced key belongs. */
  readonly root: BlockSchema;
  /** The destinations that there are. */
  readonly outputs: OutputTypes;
  /** Throws ConfigInvalid for a connection string that the database's adapter would not take. */
  readonly checkDatabase: CheckConnectionString;
  /** Collects every secret text that is read. */
  readonly secrets: Set<string>;
  /** Collects where keys and blocks stand, by canonical path. */
  readonly places: Map<string, Place>;
}

/** Says that something is not built, as severely as the command needs it. */
export function reportNotBuilt(context: Context, at: Place, text: string): void {
  if (context.demand === 'use') context.problems.addNotBuilt(at, text);
  if (context.demand === 'validate') context.problems.addNote(at, text);
}

/** The path that programs use: `publisher` is the older name of `processor`. */
export function canonicalPath(path: string): string {
  return path.replace(/^publisher(?=\.|$)/, 'processor');
}

export function register(context: Context, at: Place): void {
  const path = canonicalPath(at.path);
  if (!context.places.has(path)) context.places.set(path, at);
}

const topLevel = 'the top level of the file';

/** The blocks that know a key, or a block, of this name: where a misplaced one belongs. */
export function homesOf(
  kind: 'key' | 'block',
  name: string,
  schema: BlockSchema,
  path = '',
): readonly string[] {
  const home = schema.variant === undefined ? path : `${path} of type "${schema.variant}"`;
  const isBlock = schema.blocks.some((b) => b.schema.type === name);
  const isHome = kind === 'block' ? isBlock : Object.hasOwn(schema.keys, name);
  const here = isHome ? [home === '' ? topLevel : home] : [];
  const below = schema.blocks.flatMap((b) => homesOf(kind, name, b.schema, childPath(path, b.schema.type)));
  return [...new Set([...here, ...below])];
}
