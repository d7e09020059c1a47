/** A type of transform, as the configuration sees it. Packages above this one define them. */
import type { Transform, TransformServices } from '@dstream/core';
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

/** The file that a transform is configured in. */
export interface TransformFile {
  /** Its folder: paths in it are relative to this. */
  readonly folder: string;
}

/** One transform of a file, ready to be opened. */
export interface OpenableTransform extends Checkable<TransformServices> {
  /** What the type made of its keys. For people: what is secret in it shows itself as `[secret]`. */
  readonly settings: object;
  /** True: it takes something out of changes that a destination must not see. */
  readonly hides: boolean;
  /** Called once, after a file without problems was read: reports what only the type's library can know. */
  check(): Promise<void>;
  /** Called once for every life of the processor. Loads the library. */
  open(services: TransformServices): Promise<Transform>;
}

/** A registered type of transform. Made by `defineTransform`. */
export interface TransformType<K extends Keys = Keys> extends BlockType<K> {
  /** Called also when something in the block is wrong: then values are blank, and it is neither checked nor opened. */
  read(reading: Reading<K>, findings: Findings, file: TransformFile): OpenableTransform;
}

/** The types that a process knows, at least one. */
export type TransformTypes = readonly [TransformType, ...TransformType[]];

/** What `defineTransform` takes. `K` are its keys, `S` the settings of its class. */
export interface TransformDefinition<K extends Keys, S extends object>
  extends Definition<K, 'type' | 'on_error' | 'allow_unmasked'>, CheckedDefinition<S, TransformServices> {
  /** As it is in a file: `transform "name" { type = "…" }`. */
  readonly type: string;
  /** See `SourceDefinition.settings`. */
  readonly settings: (reading: Reading<K>, findings: Findings, file: TransformFile) => S;
  /** Whether it may take something out of changes that a destination must not see: `on_error = "pass"` is refused then. */
  readonly hides: (settings: S) => boolean;
  /**
   * Loads the library by `import()` and reports what only that can know: where an expression is wrong, what a script lacks. Called
   * by every command that uses the block, and by `validate`; not when the file has problems or variables that are not set.
   */
  readonly check?: (settings: S, reading: Reading<K>, findings: Findings) => Promise<void>;
  /** See `SourceDefinition.open`. */
  readonly open?: (settings: S, services: TransformServices) => Promise<Transform>;
}

/** Joins the schema and the class of a transform, so that callers do not see the type of its settings. */
export function defineTransform<const K extends Keys, S extends object>(
  definition: TransformDefinition<K, S>,
): TransformType<K> {
  const { type, settings: settingsOf, hides, check, open } = definition;
  const read = (reading: Reading<K>, findings: Findings, file: TransformFile): OpenableTransform => {
    const settings = settingsOf(reading, findings, file);
    return {
      settings,
      hides: hides(settings),
      ...checkable(definition, settings),
      check: async () => await check?.(settings, reading, findings),
      open: open === undefined ? notOpenable('transform', type) : (services) => open(settings, services),
    };
  };
  return { ...blockType<K>(type, definition, open !== undefined), read };
}
