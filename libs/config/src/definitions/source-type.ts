/** A type of source, as the configuration sees it. Packages above this one define them. */
import type { CallOptions, ChangeSource, Hash, SourceOutline, SourceServices } from '@dstream/core';
import type { Findings } from '../schema/problems.ts';
import type { Reading, Keys } from '../schema/schema.ts';
import {
  blockType,
  checkable,
  notOpenable,
  type BlockType,
  type Checkable,
  type CheckedDefinition,
  type Definition,
} from './block-type.ts';

/** The source of a file, ready to be opened. */
export interface OpenableSource extends Checkable<SourceServices> {
  /** What the type made of its keys. For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  /** For the log: `database`. */
  readonly what: string;
  /** See `SourceDefinition.outline`. */
  outline(name: string | undefined, hash: Hash): SourceOutline;
  /** The outline as the source itself has it; as the file has it where the type cannot ask. */
  catalogue(services: SourceServices, o: CallOptions): Promise<SourceOutline>;
  /** Called once for every life of the ingester. Connects nothing. Rejects a source whose scope is not the outline's. */
  open(services: SourceServices): Promise<ChangeSource>;
}

/** A registered type of source. Made by `defineSource`. */
export interface SourceType<K extends Keys = Keys> extends BlockType<K> {
  /** Its keys and blocks may be in `ingester` itself, as the original has those of its only source. */
  readonly inIngester: boolean;
  /** Called also when something in the block is wrong: then values are blank, and nothing is opened. */
  read(reading: Reading<K>, findings: Findings): OpenableSource;
}

/** The types that a process knows, at least one. */
export type SourceTypes = readonly [SourceType, ...SourceType[]];

/** What `defineSource` takes. `K` are its keys, `S` the settings of its class. */
export interface SourceDefinition<K extends Keys, S extends object>
  extends Definition<K, 'type'>, CheckedDefinition<S, SourceServices> {
  /** As it is in a file: `source { type = "…" }`. */
  readonly type: string;
  /** Its keys and blocks may be in `ingester` itself. True for one type at most. */
  readonly inIngester?: boolean;
  /**
   * The settings of the source. Called also when something is wrong, with blanks instead of values. It
   * reports what is wrong with keys together; a single key is checked by its type. Conceals what is secret.
   */
  readonly settings: (reading: Reading<K>, findings: Findings) => S;
  /** What is connected to, for the log and for errors, after "the": `database`, `file orders.jsonl`. Holds no secret. */
  readonly what: (settings: S) => string;
  /**
   * For plan and status. Connects nothing. Throws ConfigInvalid for blanks that it cannot do without. Its `scope` is that
   * of the opened source: leases and checkpoints are found by it.
   */
  readonly outline: (settings: S, name: string | undefined, hash: Hash) => SourceOutline;
  /** For `dstream plan`: asks the source for its tables, and closes it. Absent where the file names all tables. */
  readonly catalogue?: (settings: S, services: SourceServices, o: CallOptions) => Promise<SourceOutline>;
  /**
   * Loads the class by `import()`, so that commands which only read a file do not load it. Connects nothing. Without it the type is
   * not built yet: a file may name it, no command accepts it.
   */
  readonly open?: (settings: S, services: SourceServices) => Promise<ChangeSource>;
}

/** Joins the schema and the class of a source, so that callers do not see the type of its settings. */
export function defineSource<const K extends Keys, S extends object>(
  definition: SourceDefinition<K, S>,
): SourceType<K> {
  const { type, inIngester = false, settings: settingsOf, what, outline, catalogue, open } = definition;
  const read = (reading: Reading<K>, findings: Findings): OpenableSource => {
    const settings = settingsOf(reading, findings);
    return {
      settings,
      what: what(settings),
      ...checkable(definition, settings),
      outline: (name, hash) => outline(settings, name, hash),
      catalogue: async (services, o) =>
        catalogue === undefined
          ? outline(settings, services.name, services.hash)
          : await catalogue(settings, services, o),
      open:
        open === undefined
          ? notOpenable('source', type)
          : async (services) =>
              await ofScope(outline(settings, services.name, services.hash), open(settings, services), type),
    };
  };
  return { ...blockType<K>(type, definition, open !== undefined), inIngester, read };
}

/**
 * Plan and status look for leases and checkpoints under the scope of the outline, the ingester keeps them under that of
 * its source. A difference is a mistake of the type, so it is no DStreamError.
 */
async function ofScope(
  { scope }: SourceOutline,
  opening: Promise<ChangeSource>,
  type: string,
): Promise<ChangeSource> {
  const source = await opening;
  if (source.scope === scope) return source;
  await using _unusable = source;
  throw new Error(
    `the source type "${type}" opened a source with the scope ${source.scope} and outlines it with ${scope}: make both by the same function`,
  );
}
